`default_nettype none

// Multiplies vectors by a matrix: four outputs at once with 8-bit weights, or with `wide` two with
// 16-bit weights. A weight word holds one weight for each of these outputs, the lowest in its low
// bits; words lie in the order group of outputs, input, from `weight_base` on.
//
// With `each` every input is an output of its own instead: the input times the word's lowest weight.
//
// Sums of 32 bits leave one at a time: position, output (filled up to a multiple of the outputs
// at once). The word of either memory follows its address by one cycle while `step` is high.
module subbit_matrix #(
    parameter int WEIGHT_BITS  = 14,
    parameter int VECTOR_DEPTH = 512,
    parameter int VECTOR_BITS  = $clog2(VECTOR_DEPTH)
) (
    input  logic                   clk,
    input  logic                   reset,
    // The layer, steady while it runs.
    input  logic                   wide,
    input  logic                   each,
    input  logic [WEIGHT_BITS-1:0] weight_base,
    input  logic [7:0]             input_last,
    input  logic [7:0]             group_last,
    input  logic                   start,
    output logic                   step,
    output logic [WEIGHT_BITS-1:0] weight_address,
    input  logic [31:0]            weight_word,
    output logic [VECTOR_BITS-1:0] vector_address,
    input  logic [15:0]            vector_data,
    input  logic [1:0]             filled,
    output logic [1:0]             taken,
    output logic                   out_valid,
    input  logic                   out_ready,
    output logic [31:0]            out_sum
);
  localparam int LANES = 4;

  logic       half;
  logic [7:0] place, group;

  logic issue, last_input, last_group;
  assign issue = filled[half];
  assign last_input = place == input_last;
  assign last_group = group == group_last;
  assign vector_address = {half, (VECTOR_BITS - 1)'(place)};
  assign taken = {2{step && issue && last_input && last_group}} & {half, !half};

  always_ff @(posedge clk) begin
    if (start) begin
      half <= 1'b0;
      place <= '0;
      group <= '0;
      weight_address <= weight_base;
    end else if (step && issue) begin
      place <= last_input ? '0 : place + 1;
      weight_address <= last_input && last_group ? weight_base : weight_address + 1;
      if (last_input) group <= last_group ? '0 : group + 1;
      if (last_input && last_group) half <= !half;
    end
  end

  logic [2:1] valid, first, last;

  always_ff @(posedge clk) begin
    if (step) begin
      valid <= {valid[1], issue};
      first <= {first[1], each || place == 0};
      last <= {last[1], each || last_input};
    end
    if (reset) valid <= '0;
  end

  logic [LANES*32-1:0] products;

  for (genvar lane = 0; lane < LANES; lane++) begin : lanes
    logic signed [15:0] weight;
    logic signed [31:0] product;

    if (lane < 2) begin : either
      assign weight = wide ? weight_word[16*lane+:16] : 16'(signed'(weight_word[8*lane+:8]));
    end else begin : narrow
      assign weight = 16'(signed'(weight_word[8*lane+:8]));
    end

    always_ff @(posedge clk) if (step) product <= weight * signed'(vector_data);

    assign products[32*lane+:32] = product;
  end

  logic busy, unused;
  assign unused = &{1'b0, busy};

  subbit_accumulator #(
      .PIXELS(1),
      .OUTPUTS(LANES),
      .SUM_BITS(32),
      .COUNT_BITS(32)
  ) accumulator (
      .clk,
      .reset,
      .step,
      .busy,
      .beats(each ? 3'd1 : wide ? 3'd2 : 3'd4),
      .in_valid(valid[2]),
      .in_first(first[2]),
      .in_last(last[2]),
      .in_sums(products),
      .out_valid,
      .out_ready,
      .out_counts(out_sum)
  );
endmodule
