`default_nettype none

// UART transmitter: 8 data bits, no parity, 1 stop bit; DIVIDER clocks a bit.
module subbit_uart_tx #(
    parameter int DIVIDER = 12
) (
    input  logic       clk,
    input  logic       reset,
    input  logic       valid,
    output logic       ready,
    input  logic [7:0] data,
    output logic       tx
);
  localparam int TIMER_BITS = $clog2(DIVIDER);

  if (DIVIDER < 2) $error("subbit_uart_tx: DIVIDER must be at least 2");

  logic [TIMER_BITS-1:0] timer;
  logic [3:0]            bits_left;
  logic [8:0]            shift;

  assign ready = bits_left == 0;
  assign tx = shift[0];

  always_ff @(posedge clk) begin
    if (ready) begin
      timer <= TIMER_BITS'(DIVIDER - 1);
      if (valid) begin
        shift <= {data, 1'b0};
        bits_left <= 4'd10;
      end
    end else if (timer != 0) begin
      timer <= timer - 1;
    end else begin
      timer <= TIMER_BITS'(DIVIDER - 1);
      shift <= {1'b1, shift[8:1]};
      bits_left <= bits_left - 1;
    end
    if (reset) begin
      shift <= '1;
      bits_left <= '0;
    end
  end
endmodule
