`default_nettype none

// Arty A7-35T: XC7A35T, 100 MHz oscillator, UART at 1 Mbit/s over its FTDI chip (`uart_txd_in` is what the
// chip sends). Synthesised by Yosys; never routed, never run.
module arty_a7 #(
    parameter int DIVIDER      = 100,
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
    input  logic CLK100MHZ,
    input  logic uart_txd_in,
    output logic uart_rxd_out,
    output logic led0
);
  logic [5:0] boot = '0;
  logic reset;

  assign reset = !(&boot);

  always_ff @(posedge CLK100MHZ) if (reset) boot <= boot + 1;

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
      .clk(CLK100MHZ),
      .reset,
      .rx(uart_txd_in),
      .tx(uart_rxd_out),
      .working(led0)
  );
endmodule
