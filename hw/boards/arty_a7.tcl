# Implements the accelerator for the Arty A7-35T in Vivado and writes the bitstream. Not run here.
#   vivado -mode batch -source hw/boards/arty_a7.tcl -tclargs PIXELS=7 OUTPUTS=3 ...
# The arguments are the parameters that `snn fpga resources` prints.
set boards [file dirname [file normalize [info script]]]
read_verilog -sv [glob $boards/../rtl/*.sv] $boards/arty_a7.sv
read_xdc $boards/arty_a7.xdc
synth_design -top arty_a7 -part xc7a35tcsg324-1 {*}[join [lmap value $argv { list -generic $value }]]
opt_design
place_design
route_design
report_utilization -file utilization.txt
report_timing_summary -file timing.txt
write_bitstream -force bitstream.bit
