#!/bin/sh
# Routes the accelerator for the ULX3S with nextpnr-ecp5 and packs the bitstream with ecppack. Not run here.
#   sh hw/boards/ulx3s.sh -set PIXELS 7 -set OUTPUTS 3 ...
# The arguments are the parameters that `snn fpga resources` prints.
set -eu
boards=$(dirname "$0")
yosys -p "read_verilog -sv $(echo "$boards"/../rtl/*.sv) $boards/ulx3s.sv; chparam $* ulx3s; \
  synth_ecp5 -top ulx3s -json netlist.json"
nextpnr-ecp5 --25k --package CABGA381 --freq 25 --lpf "$boards/ulx3s.lpf" \
  --json netlist.json --textcfg routed.config
ecppack --compress routed.config bitstream.bit
