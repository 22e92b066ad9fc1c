`default_nettype none

// iCEBreaker: iCE40 UP5K-SG48, 12 MHz oscillator, UART at 1 Mbit/s over its FTDI chip.
// Reset is held for 64 clocks after configuration, until the block RAMs answer.
module icebreaker #(
    parameter int DIVIDER      = 12,
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 2,
    parameter int INPUTS       = 2,
    parameter int TAU          = 5,
    parameter int COUNT_BITS   = 10,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 16384,
    parameter int MAP_DEPTH    = 16384,
    parameter int HUGE         = 1
) (
    input  logic CLK,
    input  logic RX,
    output logic TX,
    output logic LEDG_N
);
  logic [5:0] boot = '0;
  logic reset, working;

  assign reset = !(&boot);
  assign LEDG_N = !working;

  always_ff @(posedge CLK) if (reset) boot <= boot + 1;

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
      .clk(CLK),
      .reset,
      .rx(RX),
      .tx(TX),
      .working
  );
endmodule
