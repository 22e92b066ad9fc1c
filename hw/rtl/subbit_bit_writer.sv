`default_nettype none

// Writes bits into the activation memory of the binary layers, each into the words of all windows that
// it is part of (see subbit_walker), and clears the words of a layer before.
//
// A bit at the edge of a segment (`in_left`, `in_right`) takes a second cycle: none may follow at once.
module subbit_bit_writer #(
    parameter int PIXELS    = 7,
    parameter int INPUTS    = 2,
    parameter int ACT_BITS  = 8,
    parameter int COLUMNS   = 2 * PIXELS + 2,
    parameter int LANE_BITS = INPUTS > 1 ? $clog2(INPUTS) : 1
) (
    input  logic                        clk,
    input  logic                        reset,
    // The layer, steady while it runs.
    input  logic                        next_stride2,
    input  logic [ACT_BITS-1:0]         next_row_words,
    input  logic [ACT_BITS-1:0]         next_groups,
    // Clears the words from `clear_first` to `clear_last`.
    input  logic                        clear,
    input  logic [ACT_BITS-1:0]         clear_first,
    input  logic [ACT_BITS-1:0]         clear_last,
    output logic                        busy,
    input  logic                        in_valid,
    input  logic                        in_bit,
    input  logic [ACT_BITS-1:0]         in_word,
    input  logic [LANE_BITS-1:0]        in_lane,
    input  logic [3:0]                  in_column,
    input  logic [2:0]                  in_rows,
    input  logic                        in_left,
    input  logic                        in_right,
    output logic [INPUTS*3*COLUMNS-1:0] act_enable,
    output logic [3*ACT_BITS-1:0]       act_address,
    output logic                        act_bit
);
  // One bit to write.
  logic                 write, again_left, again_right;
  logic [ACT_BITS-1:0]  word;
  logic [LANE_BITS-1:0] lane;
  logic [3:0]           column;
  logic [2:0]           rows;
  logic                 clearing;

  assign busy = clearing || write;

  always_ff @(posedge clk) begin
    write <= in_valid;
    again_left <= in_valid && in_left;
    again_right <= in_valid && in_right;
    if (in_valid) begin
      act_bit <= in_bit;
      word <= in_word;
      lane <= in_lane;
      column <= in_column + 1;
      rows <= in_rows;
    end else if (again_left) begin
      write <= 1'b1;
      word <= word - next_groups;
      column <= 4'(COLUMNS - 1);
    end else if (again_right) begin
      write <= 1'b1;
      word <= word + next_groups;
      column <= '0;
    end
    if (clear) begin
      clearing <= 1'b1;
      word <= clear_first;
      act_bit <= 1'b0;
    end else if (clearing) begin
      word <= word + 1;
      if (word == clear_last) clearing <= 1'b0;
    end
    if (reset) begin
      write <= 1'b0;
      clearing <= 1'b0;
    end
  end

  assign act_address[0+:ACT_BITS] = clearing ? word : word + next_row_words;
  assign act_address[ACT_BITS+:ACT_BITS] = word;
  assign act_address[2*ACT_BITS+:ACT_BITS] = clearing || next_stride2 ? word : word - next_row_words;

  for (genvar bank = 0; bank < 3 * INPUTS; bank++) begin : banks
    for (genvar bit_column = 0; bit_column < COLUMNS; bit_column++) begin : columns
      assign act_enable[bank*COLUMNS+bit_column] = clearing ||
          (write && rows[bank%3] && lane == LANE_BITS'(bank / 3) && column == 4'(bit_column));
    end
  end
endmodule
