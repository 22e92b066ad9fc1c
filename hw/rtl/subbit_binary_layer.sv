`default_nettype none

// The binary 3x3 convolution: activation memory, sequencer and the pipeline
//   issue -> memory words -> windows and kernels -> sums -> totals -> counts out, one at a time.
//
// Counts of matches leave in the order row, tile, output channel (filled up to a multiple of
// OUTPUTS), pixel. The weight memory lies outside: its word follows `weight_address` by one step.
module subbit_binary_layer #(
    parameter int PIXELS      = 7,
    parameter int OUTPUTS     = 2,
    parameter int INPUTS      = 2,
    parameter int TAU         = 5,
    parameter int COUNT_BITS  = 10,
    parameter int WEIGHT_BITS = 14,
    parameter int ACT_DEPTH   = 256,
    parameter int ACT_BITS    = $clog2(ACT_DEPTH),
    parameter int COLUMNS     = 2 * PIXELS + 2,
    parameter int MEMBER_BITS = TAU == 9 ? 8 : TAU
) (
    input  logic                          clk,
    input  logic                          reset,
    // Member `member_index` of the layer's subset, before the layer starts.
    input  logic                          member_write,
    input  logic [MEMBER_BITS-1:0]        member_index,
    input  logic [8:0]                    member_data,
    // The layer, steady while it runs.
    input  logic [WEIGHT_BITS-1:0]        weight_base,
    input  logic [ACT_BITS-1:0]           act_base,
    input  logic [7:0]                    input_last,
    input  logic [7:0]                    output_last,
    input  logic [7:0]                    row_last,
    input  logic [7:0]                    tile_last,
    input  logic                          stride2,
    input  logic                          start,
    output logic                          step,
    output logic [WEIGHT_BITS-1:0]        weight_address,
    input  logic [31:0]                   weight_word,
    // Activations: bits of bank channel * 3 + row, each row of banks at an address of its own.
    input  logic [INPUTS*3*COLUMNS-1:0]   act_enable,
    input  logic [3*ACT_BITS-1:0]         act_write_address,
    input  logic                          act_write_bit,
    output logic                          out_valid,
    input  logic                          out_ready,
    output logic [COUNT_BITS-1:0]         out_count
);
  localparam int LANES = OUTPUTS * INPUTS;
  localparam int SUM_BITS = $clog2(9 * INPUTS + 1);

  if (LANES * TAU > 32) $error("subbit_binary_layer: a weight word must be at most 32 bits");
  if (PIXELS > 7) $error("subbit_binary_layer: PIXELS must be at most 7");

  logic active, issue_first, issue_last, issue_upper;
  logic [ACT_BITS-1:0] act_address;

  subbit_tile_sequencer #(
      .WEIGHT_BITS(WEIGHT_BITS),
      .ACT_BITS(ACT_BITS)
  ) sequencer (
      .clk,
      .reset,
      .weight_base,
      .act_base,
      .input_last,
      .output_last,
      .row_last,
      .tile_last,
      .stride2,
      .start,
      .active,
      .step,
      .issue_first,
      .issue_last,
      .issue_upper,
      .weight_address,
      .act_address
  );

  logic [INPUTS*3*COLUMNS-1:0] act_word;

  for (genvar bank = 0; bank < 3 * INPUTS; bank++) begin : act_banks
    subbit_masked_memory #(
        .WIDTH(COLUMNS),
        .DEPTH(ACT_DEPTH)
    ) memory (
        .clk,
        .write_enable(act_enable[bank*COLUMNS+:COLUMNS]),
        .write_address(act_write_address[bank%3*ACT_BITS+:ACT_BITS]),
        .write_data({COLUMNS{act_write_bit}}),
        .read_enable(step),
        .read_address(act_address),
        .read_data(act_word[bank*COLUMNS+:COLUMNS])
    );
  end

  // What travels beside the data; index 1 is the stage of the memory words.
  logic [3:1] valid, first, last;
  logic       upper;

  always_ff @(posedge clk) begin
    if (step) begin
      valid <= {valid[2:1], active};
      first <= {first[2:1], issue_first};
      last <= {last[2:1], issue_last};
      upper <= issue_upper;
    end
    if (reset) valid <= '0;
  end

  logic [INPUTS*PIXELS*9-1:0] windows;
  logic [LANES*9-1:0]         kernels;

  for (genvar channel = 0; channel < INPUTS; channel++) begin : channels
    subbit_window_select #(
        .PIXELS(PIXELS)
    ) select (
        .clk,
        .step,
        .stride2,
        .upper,
        .rows(act_word[channel*3*COLUMNS+:3*COLUMNS]),
        .windows(windows[channel*PIXELS*9+:PIXELS*9])
    );
  end

  subbit_kernel_decoder #(
      .TAU  (TAU),
      .LANES(LANES)
  ) decoder (
      .clk,
      .member_write,
      .member_index(TAU'(member_index)),
      .member_data,
      .step,
      .indices(weight_word[LANES*TAU-1:0]),
      .kernels
  );

  logic [OUTPUTS*PIXELS*SUM_BITS-1:0] sums;

  subbit_match_array #(
      .PIXELS (PIXELS),
      .OUTPUTS(OUTPUTS),
      .INPUTS (INPUTS)
  ) array (
      .clk,
      .step,
      .windows,
      .kernels,
      .sums
  );

  logic busy, unused;
  assign unused = &{1'b0, busy, weight_word};

  subbit_accumulator #(
      .PIXELS(1),
      .OUTPUTS(OUTPUTS * PIXELS),
      .SUM_BITS(SUM_BITS),
      .COUNT_BITS(COUNT_BITS)
  ) accumulator (
      .clk,
      .reset,
      .step,
      .busy,
      .beats($clog2(OUTPUTS * PIXELS + 1)'(OUTPUTS * PIXELS)),
      .in_valid(valid[3]),
      .in_first(first[3]),
      .in_last(last[3]),
      .in_sums(sums),
      .out_valid,
      .out_ready,
      .out_counts(out_count)
  );
endmodule
