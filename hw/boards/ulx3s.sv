`default_nettype none

// ULX3S: ECP5 LFE5U-25F, 25 MHz oscillator, UART at 1 Mbit/s over its FTDI chip (`ftdi_txd` is what the
// chip sends). Synthesised by Yosys; never routed, never run.
module ulx3s #(
    parameter int DIVIDER      = 25,
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 3,
    parameter int INPUTS       = 2,
    parameter int TAU          = 5,
    parameter int COUNT_BITS   = 10,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 8192,
    parameter int MAP_DEPTH    = 8192,
    parameter int HUGE         = 0
) (
    input  logic clk_25mhz,
    input  logic ftdi_txd,
    output logic ftdi_rxd,
    output logic led0
);
  logic [5:0] boot = '0;
  logic reset;

  assign reset = !(&boot);

  always_ff @(posedge clk_25mhz) if (reset) boot <= boot + 1;

  subbit_uart_accelerator #(
      .DIVIDER(DIVIDER),
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .INPUTS(INPUTS),
      .TAU(TAU),
      .COUNT_BITS(COUNT_BITS),
      .ACT_DEPTH(ACT_DEPTH),
      .WEIGHT_DEPTH(WEIGHT_DEPTH),
      .MAP_DEPTH(MAP_DEPTH),
      .HUGE(HUGE)
  ) accelerator (
      .clk(clk_25mhz),
      .reset,
      .rx(ftdi_txd),
      .tx(ftdi_rxd),
      .working(led0)
  );
endmodule
