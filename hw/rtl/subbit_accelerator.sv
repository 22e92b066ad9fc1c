`default_nettype none

// The engine with its result memory and cycle counter: what a link or a simulator drives.
//
// Results are kept in the order in which the engine finds them: row, tile, output channel; one word
// of PIXELS counts each. The read port turns a count m into the accumulator 2 m - offset, where
// layer register 7 holds the offset: 9 * Cin, plus 2 for every match of a padding channel.
// `result` follows `result_address` by one cycle while `result_read` is high; `result_lane` picks
// the pixel. `cycles` counts from the acceptance of a start until the last result is stored.
module subbit_accelerator #(
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 4,
    parameter int INPUTS       = 2,
    parameter int TAU          = 5,
    parameter int COUNT_BITS   = 10,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 16384,
    parameter int WEIGHT_HUGE  = 1,
    parameter int RESULT_DEPTH = 256,
    parameter int RESULT_BITS  = $clog2(RESULT_DEPTH)
) (
    input  logic                   clk,
    input  logic                   reset,
    input  logic                   write_valid,
    input  logic [1:0]             write_space,
    input  logic [15:0]            write_address,
    input  logic [3:0]             write_bank,
    input  logic [15:0]            write_data,
    input  logic                   start_valid,
    output logic                   start_ready,
    output logic [31:0]            cycles,
    input  logic                   result_read,
    input  logic [RESULT_BITS-1:0] result_address,
    input  logic [2:0]             result_lane,
    output logic [15:0]            result
);
  localparam int WORD = PIXELS * COUNT_BITS;

  if (3 * INPUTS > 16) $error("subbit_accelerator: INPUTS must be at most 5");
  if (OUTPUTS * INPUTS * TAU > 256) $error("subbit_accelerator: a weight word must be at most 256 bits");
  if (COUNT_BITS > 15) $error("subbit_accelerator: COUNT_BITS must be at most 15");

  logic                   out_valid;
  logic [WORD-1:0]        out_counts, word;
  logic [RESULT_BITS-1:0] out_address;
  logic [15:0]            offset;

  subbit_engine #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .INPUTS(INPUTS),
      .TAU(TAU),
      .COUNT_BITS(COUNT_BITS),
      .ACT_DEPTH(ACT_DEPTH),
      .WEIGHT_DEPTH(WEIGHT_DEPTH),
      .WEIGHT_HUGE(WEIGHT_HUGE)
  ) engine (
      .clk,
      .reset,
      .write_valid,
      .write_space,
      .write_address,
      .write_bank({4'd0, write_bank}),
      .write_data,
      .start_valid,
      .start_ready,
      .out_valid,
      .out_ready(1'b1),
      .out_counts
  );

  always_ff @(posedge clk) begin
    if (write_valid && write_space == 2'd2 && write_address[2:0] == 3'd7) offset <= write_data;

    if (start_valid && start_ready) cycles <= '0;
    else if (!start_ready) cycles <= cycles + 1;

    if (start_valid && start_ready) out_address <= '0;
    else if (out_valid) out_address <= out_address + 1;

    if (reset) cycles <= '0;
  end

  subbit_memory #(
      .WIDTH(WORD),
      .DEPTH(RESULT_DEPTH)
  ) results (
      .clk,
      .write_enable(out_valid),
      .write_address(out_address),
      .write_data(out_counts),
      .read_enable(result_read),
      .read_address(result_address),
      .read_data(word)
  );

  logic [8*COUNT_BITS-1:0] lanes;

  assign lanes = (8 * COUNT_BITS)'(word);
  assign result = 16'({lanes[result_lane*COUNT_BITS+:COUNT_BITS], 1'b0}) - offset;
endmodule
