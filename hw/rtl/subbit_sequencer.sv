`default_nettype none

// Walks through a layer: rows, tiles of a row, groups of output channels, groups of input channels
// (innermost), one issue a step. First it fetches the layer's subset into the decoder.
//
// The layer is described by eight registers, written between layers (docs/hardware.md):
//   0 weight base    1 activation base    2 last input group    3 last output group
//   4 last row       5 last tile of a row 6 bit 0: stride 2     7 (kept by the result port)
// Weights are read in issue order from the weight base, 2^TAU members first, and again from the
// first index for every tile. Activations of a segment are read once per output group.
module subbit_sequencer #(
    parameter int TAU          = 5,
    parameter int WEIGHT_DEPTH = 16384,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_BITS  = $clog2(WEIGHT_DEPTH),
    parameter int ACT_BITS     = $clog2(ACT_DEPTH)
) (
    input  logic                   clk,
    input  logic                   reset,
    input  logic                   layer_write,
    input  logic [2:0]             layer_register,
    input  logic [15:0]            layer_data,
    input  logic                   start,
    output logic                   active,
    input  logic                   step,
    output logic                   member_valid,
    output logic [TAU-1:0]         member_index,
    output logic                   issue_valid,
    output logic                   issue_first,
    output logic                   issue_last,
    output logic                   issue_upper,
    output logic                   issue_stride2,
    output logic [WEIGHT_BITS-1:0] weight_address,
    output logic [ACT_BITS-1:0]    act_address
);
  localparam int GROUP_BITS = 8;
  localparam int MAP_BITS = 8;

  logic [WEIGHT_BITS-1:0] weight_base;
  logic [ACT_BITS-1:0]    act_base;
  logic [GROUP_BITS-1:0]  input_last, output_last;
  logic [MAP_BITS-1:0]    row_last, tile_last;
  logic                   stride2;

  logic unused;
  assign unused = &{1'b0, layer_data};

  always_ff @(posedge clk) begin
    if (layer_write) begin
      case (layer_register)
        3'd0: weight_base <= layer_data[WEIGHT_BITS-1:0];
        3'd1: act_base <= layer_data[ACT_BITS-1:0];
        3'd2: input_last <= layer_data[GROUP_BITS-1:0];
        3'd3: output_last <= layer_data[GROUP_BITS-1:0];
        3'd4: row_last <= layer_data[MAP_BITS-1:0];
        3'd5: tile_last <= layer_data[MAP_BITS-1:0];
        3'd6: stride2 <= layer_data[0];
        default: ;
      endcase
    end
  end

  logic                   loading, issuing;
  logic [TAU-1:0]         member;
  logic [GROUP_BITS-1:0]  input_group, output_group;
  logic [MAP_BITS-1:0]    row, tile;
  logic [WEIGHT_BITS-1:0] weight, index_base;
  logic [ACT_BITS-1:0]    act, segment;

  logic last_input, last_output, last_tile, last_row, tile_done, segment_done;
  assign last_input = input_group == input_last;
  assign last_output = output_group == output_last;
  assign last_tile = tile == tile_last;
  assign last_row = row == row_last;
  assign tile_done = last_input && last_output;
  assign segment_done = stride2 || tile[0] || last_tile;

  assign active = loading || issuing;
  assign member_valid = loading;
  assign member_index = member;
  assign issue_valid = issuing;
  assign issue_first = input_group == 0;
  assign issue_last = last_input;
  assign issue_upper = tile[0];
  assign issue_stride2 = stride2;
  assign weight_address = weight;
  assign act_address = act;

  always_ff @(posedge clk) begin
    if (start) begin
      loading <= TAU != 9;
      issuing <= TAU == 9;
      member <= '0;
      weight <= weight_base;
      index_base <= weight_base;
    end else if (loading) begin
      member <= member + 1;
      weight <= weight + 1;
      index_base <= weight + 1;
      if (&member) begin
        loading <= 1'b0;
        issuing <= 1'b1;
      end
    end else if (issuing && step) begin
      input_group <= last_input ? '0 : input_group + 1;
      weight <= tile_done ? index_base : weight + 1;
      act <= last_input && !(last_output && segment_done) ? segment : act + 1;
      if (last_input) output_group <= last_output ? '0 : output_group + 1;
      if (tile_done) begin
        if (segment_done) segment <= act + 1;
        tile <= last_tile ? '0 : tile + 1;
        if (last_tile) row <= row + 1;
        if (last_tile && last_row) issuing <= 1'b0;
      end
    end
    if (start) begin
      input_group <= '0;
      output_group <= '0;
      tile <= '0;
      row <= '0;
      act <= act_base;
      segment <= act_base;
    end
    if (reset) begin
      loading <= 1'b0;
      issuing <= 1'b0;
    end
  end
endmodule
