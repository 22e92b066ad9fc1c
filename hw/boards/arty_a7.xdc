# Arty A7-35T, XC7A35T-1CSG324C. Not routed here: check it against your board's own file.
set_property -dict { PACKAGE_PIN E3  IOSTANDARD LVCMOS33 } [get_ports CLK100MHZ]
set_property -dict { PACKAGE_PIN A9  IOSTANDARD LVCMOS33 } [get_ports uart_txd_in]
set_property -dict { PACKAGE_PIN D10 IOSTANDARD LVCMOS33 } [get_ports uart_rxd_out]
set_property -dict { PACKAGE_PIN H5  IOSTANDARD LVCMOS33 } [get_ports led0]
create_clock -name clock -period 10.000 [get_ports CLK100MHZ]
