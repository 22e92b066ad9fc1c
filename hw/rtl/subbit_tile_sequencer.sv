`default_nettype none

// Walks through a binary layer: rows, tiles of a row, groups of output channels, groups of input
// channels (innermost), one issue a step.
//
// Weights are read in issue order from `weight_base` on, and again from there for every tile.
// Activations of a segment are read once per output group.
module subbit_tile_sequencer #(
    parameter int WEIGHT_BITS = 14,
    parameter int ACT_BITS    = 8
) (
    input  logic                   clk,
    input  logic                   reset,
    // The layer, steady while `active`.
    input  logic [WEIGHT_BITS-1:0] weight_base,
    input  logic [ACT_BITS-1:0]    act_base,
    input  logic [7:0]             input_last,
    input  logic [7:0]             output_last,
    input  logic [7:0]             row_last,
    input  logic [7:0]             tile_last,
    input  logic                   stride2,
    input  logic                   start,
    output logic                   active,
    input  logic                   step,
    output logic                   issue_first,
    output logic                   issue_last,
    output logic                   issue_upper,
    output logic [WEIGHT_BITS-1:0] weight_address,
    output logic [ACT_BITS-1:0]    act_address
);
  logic [7:0]          input_group, output_group, row, tile;
  logic [ACT_BITS-1:0] segment;

  logic last_input, last_output, last_tile, last_row, tile_done, segment_done;
  assign last_input = input_group == input_last;
  assign last_output = output_group == output_last;
  assign last_tile = tile == tile_last;
  assign last_row = row == row_last;
  assign tile_done = last_input && last_output;
  assign segment_done = stride2 || tile[0] || last_tile;

  assign issue_first = input_group == 0;
  assign issue_last = last_input;
  assign issue_upper = tile[0];

  always_ff @(posedge clk) begin
    if (start) begin
      active <= 1'b1;
      input_group <= '0;
      output_group <= '0;
      tile <= '0;
      row <= '0;
      weight_address <= weight_base;
      act_address <= act_base;
      segment <= act_base;
    end else if (active && step) begin
      input_group <= last_input ? '0 : input_group + 1;
      weight_address <= tile_done ? weight_base : weight_address + 1;
      act_address <= last_input && !(last_output && segment_done) ? segment : act_address + 1;
      if (last_input) output_group <= last_output ? '0 : output_group + 1;
      if (tile_done) begin
        if (segment_done) segment <= act_address + 1;
        tile <= last_tile ? '0 : tile + 1;
        if (last_tile) row <= row + 1;
        if (last_tile && last_row) active <= 1'b0;
      end
    end
    if (reset) active <= 1'b0;
  end
endmodule
