`default_nettype none

// UART receiver: 8 data bits, no parity, 1 stop bit; DIVIDER clocks a bit. `valid` is high for one
// cycle a byte; a byte whose stop bit is missing is dropped.
module subbit_uart_rx #(
    parameter int DIVIDER = 12
) (
    input  logic       clk,
    input  logic       reset,
    input  logic       rx,
    output logic       valid,
    output logic [7:0] data
);
  localparam int TIMER_BITS = $clog2(DIVIDER);

  if (DIVIDER < 4) $error("subbit_uart_rx: DIVIDER must be at least 4");

  logic [2:0]            line;
  logic [TIMER_BITS-1:0] timer;
  logic [3:0]            bits_left;
  logic [7:0]            shift;
  logic                  receiving;

  // line[1] is the synchronised input, line[2] the one before it.
  always_ff @(posedge clk) begin
    line <= {line[1:0], rx};
    valid <= 1'b0;
    if (!receiving) begin
      timer <= TIMER_BITS'(DIVIDER / 2 - 1);
      bits_left <= 4'd9;
      receiving <= line[2] && !line[1];
    end else if (timer != 0) begin
      timer <= timer - 1;
    end else begin
      timer <= TIMER_BITS'(DIVIDER - 1);
      bits_left <= bits_left - 1;
      shift <= {line[1], shift[7:1]};
      if (bits_left == 4'd9 && line[1]) receiving <= 1'b0;
      if (bits_left == 0) begin
        receiving <= 1'b0;
        valid <= line[1];
        data <= shift;
      end
    end
    if (reset) begin
      line <= '1;
      receiving <= 1'b0;
      valid <= 1'b0;
    end
  end
endmodule
