`default_nettype none

// Follows the values of a layer as they leave: pixels of a tile (innermost), output channels, tiles of
// a row, rows. For each it tells whether it belongs to the map, its place in the map, its channel and
// where its bit goes in the activations of the next layer.
//
// A bit goes into up to three banks, one for each row of a window that it is part of: `act_rows`; the
// word of bank row 1 is `act_word`, those of rows 0 and 2 lie one row of words after and before. At
// the edge of a segment the neighbouring segment holds a copy of the bit: `act_left`, `act_right`.
module subbit_walker #(
    parameter int PIXELS    = 7,
    parameter int INPUTS    = 2,
    parameter int MAP_BITS  = 14,
    parameter int ACT_BITS  = 8,
    parameter int LANE_BITS = INPUTS > 1 ? $clog2(INPUTS) : 1
) (
    input  logic                 clk,
    input  logic                 reset,
    // The layer, steady while it runs. Steps lead from one place to the next.
    input  logic [2:0]           pixel_last,
    input  logic [7:0]           channel_last,
    input  logic [7:0]           lane_channel_last,
    input  logic [7:0]           tile_last,
    input  logic [7:0]           row_last,
    input  logic [7:0]           width_last,
    input  logic [MAP_BITS-1:0]  step_pixel,
    input  logic [MAP_BITS-1:0]  step_channel,
    input  logic [MAP_BITS-1:0]  step_tile,
    input  logic [MAP_BITS-1:0]  step_row,
    input  logic                 next_stride2,
    input  logic [ACT_BITS-1:0]  next_base,
    input  logic [ACT_BITS-1:0]  next_row_words,
    input  logic [ACT_BITS-1:0]  next_groups,
    input  logic                 start,
    output logic                 active,
    input  logic                 take,
    output logic                 pixel_odd,
    output logic                 pixel_done,
    output logic                 in_map,
    output logic [MAP_BITS-1:0]  address,
    output logic [7:0]           channel,
    output logic [ACT_BITS-1:0]  act_word,
    output logic [LANE_BITS-1:0] act_lane,
    output logic [3:0]           act_column,
    output logic [2:0]           act_rows,
    output logic                 act_left,
    output logic                 act_right
);
  localparam logic [3:0] LAST_COLUMN = 4'(2 * PIXELS - 1);

  logic [2:0]          pixel;
  logic [7:0]          tile, row, x, tile_x;
  logic [3:0]          tile_column;
  logic [ACT_BITS-1:0] row_word, segment_word, group_word;

  logic last_channel, last_tile, row_moves;
  logic [7:0] next_x;
  logic [3:0] next_column;
  assign pixel_done = pixel == pixel_last;
  assign pixel_odd = pixel[0];
  assign last_channel = channel == lane_channel_last;
  assign last_tile = tile == tile_last;
  assign next_x = tile_x + 8'(pixel_last) + 8'd1;
  assign next_column = tile_column + 4'(pixel_last) + 4'd1;
  // Two rows of a map share a row of words where the next layer has stride 2.
  assign row_moves = !next_stride2 || row[0];

  assign in_map = x <= width_last && channel <= channel_last;
  assign act_word = row_word + segment_word + group_word;
  assign act_column = tile_column + 4'(pixel);
  assign act_rows[0] = row_moves && row != row_last;
  assign act_rows[1] = !next_stride2 || !row[0];
  assign act_rows[2] = next_stride2 ? row[0] : row != 0;
  assign act_left = act_column == 0 && segment_word != 0;
  assign act_right = act_column == LAST_COLUMN && x != width_last;

  always_ff @(posedge clk) begin
    if (start) begin
      active <= 1'b1;
      pixel <= '0;
      channel <= '0;
      tile <= '0;
      row <= '0;
      x <= '0;
      tile_x <= '0;
      tile_column <= '0;
      address <= '0;
      row_word <= next_base;
      segment_word <= '0;
      group_word <= '0;
      act_lane <= '0;
    end else if (take) begin
      if (!pixel_done) begin
        pixel <= pixel + 1;
        x <= x + 1;
        address <= address + step_pixel;
      end else begin
        pixel <= '0;
        x <= tile_x;
        if (!last_channel) begin
          channel <= channel + 1;
          address <= address + step_channel;
          act_lane <= act_lane == LANE_BITS'(INPUTS - 1) ? '0 : act_lane + 1;
          if (act_lane == LANE_BITS'(INPUTS - 1)) group_word <= group_word + 1;
        end else begin
          channel <= '0;
          act_lane <= '0;
          group_word <= '0;
          if (!last_tile) begin
            tile <= tile + 1;
            x <= next_x;
            tile_x <= next_x;
            address <= address + step_tile;
            tile_column <= next_column > LAST_COLUMN ? '0 : next_column;
            if (next_column > LAST_COLUMN) segment_word <= segment_word + next_groups;
          end else begin
            tile <= '0;
            x <= '0;
            tile_x <= '0;
            tile_column <= '0;
            segment_word <= '0;
            row <= row + 1;
            address <= address + step_row;
            if (row_moves) row_word <= row_word + next_row_words;
            if (row == row_last) active <= 1'b0;
          end
        end
      end
    end
    if (reset) active <= 1'b0;
  end
endmodule
