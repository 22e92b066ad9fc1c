`default_nettype none

// Gives every word out again CYCLES clocks later: a ring in block RAM instead of CYCLES registers.
module subbit_delay #(
    parameter int WIDTH  = 16,
    parameter int CYCLES = 10
) (
    input  logic             clk,
    input  logic [WIDTH-1:0] in,
    output logic [WIDTH-1:0] out
);
  localparam int PLACE_BITS = $clog2(CYCLES + 1);

  if (CYCLES < 2) $error("subbit_delay: CYCLES must be at least 2");

  logic [PLACE_BITS-1:0] place = '0;

  always_ff @(posedge clk) place <= place + 1;

  subbit_memory #(
      .WIDTH(WIDTH),
      .DEPTH(1 << PLACE_BITS)
  ) ring (
      .clk,
      .write_enable(1'b1),
      .write_address(place),
      .write_data(in),
      .read_enable(1'b1),
      .read_address(place - PLACE_BITS'(CYCLES - 1)),
      .read_data(out)
  );
endmodule
