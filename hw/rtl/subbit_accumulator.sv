`default_nettype none

// Adds up the sums of one output group over all input channels, then hands the finished counts on,
// one output channel (PIXELS counts) a beat, lowest channel first, while the next group is
// already being added up. `step` falls while a finished group waits for the one before it.
module subbit_accumulator #(
    parameter int PIXELS     = 7,
    parameter int OUTPUTS    = 4,
    parameter int SUM_BITS   = 5,
    parameter int COUNT_BITS = 10
) (
    input  logic                               clk,
    input  logic                               reset,
    output logic                               step,
    output logic                               busy,
    // Output channels of a group that leave, 1..OUTPUTS.
    input  logic [$clog2(OUTPUTS+1)-1:0]       beats,
    input  logic                               in_valid,
    input  logic                               in_first,
    input  logic                               in_last,
    input  logic [OUTPUTS*PIXELS*SUM_BITS-1:0] in_sums,
    output logic                               out_valid,
    input  logic                               out_ready,
    output logic [PIXELS*COUNT_BITS-1:0]       out_counts
);
  localparam int LANES = OUTPUTS * PIXELS;
  localparam int BEAT = PIXELS * COUNT_BITS;
  localparam int LEFT_BITS = $clog2(OUTPUTS + 1);

  if (COUNT_BITS < SUM_BITS) $error("subbit_accumulator: COUNT_BITS must hold a sum");

  logic [LANES*COUNT_BITS-1:0] totals;
  logic                        finished;
  logic [OUTPUTS*BEAT-1:0]     leaving;
  logic [LEFT_BITS-1:0]        left;
  logic                        free;

  assign free = left == 0 || (left == 1 && out_ready);
  assign step = !finished || free;
  assign busy = finished || left != 0;
  assign out_valid = left != 0;
  assign out_counts = leaving[BEAT-1:0];

  for (genvar lane = 0; lane < LANES; lane++) begin : lanes
    logic [COUNT_BITS-1:0] total, sum;
    assign total = totals[lane*COUNT_BITS+:COUNT_BITS];
    assign sum = COUNT_BITS'(in_sums[lane*SUM_BITS+:SUM_BITS]);

    // The choice behind the adder shares its cells; one before it would take cells of its own.
    always_ff @(posedge clk) begin
      if (step && in_valid) totals[lane*COUNT_BITS+:COUNT_BITS] <= in_first ? sum : total + sum;
    end
  end

  always_ff @(posedge clk) begin
    if (finished && free) begin
      leaving <= totals;
      left <= beats;
    end else if (out_valid && out_ready) begin
      leaving <= leaving >> BEAT;
      left <= left - 1;
    end
    if (step) finished <= in_valid && in_last;
    if (reset) begin
      finished <= 1'b0;
      left <= '0;
    end
  end
endmodule
