`default_nettype none

// Walks through a layer for the response engine: rows, tiles of a row, groups of input channels, one
// phase each. In a phase the tables are filled with the responses of its input group, a member a
// step, while the tables of the phase before are read, a group of output channels a step; one short
// phase more reads the last tables. First the layer's subset is fetched.
//
// Layer registers 0 to 6 are those of subbit_sequencer; 7 is the last step of a phase, the larger
// of members and output groups less one. Weights are read from the weight base: the stored members,
// then words of indices by input group and, innermost, output group, again for every tile.
module subbit_response_sequencer #(
    parameter int MEMBER_BITS  = 5,
    parameter int GROUP_BITS   = 8,
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
    // The subset is fetched: the word at weight_address is this member.
    output logic                   load_valid,
    // A response to this member is computed, of the windows in the word at act_address.
    output logic                   fill_valid,
    output logic                   fill_first,
    output logic                   fill_upper,
    output logic                   fill_stride2,
    output logic                   fill_bank,
    output logic [MEMBER_BITS-1:0] member,
    output logic [ACT_BITS-1:0]    act_address,
    // The word at weight_address is indices of this output group; it comes two steps later.
    output logic                   read_valid,
    output logic                   read_first,
    output logic                   read_last,
    output logic [GROUP_BITS-1:0]  read_group,
    output logic [WEIGHT_BITS-1:0] weight_address
);
  localparam int MAP_BITS = 8;
  localparam int SLOT_BITS = GROUP_BITS > MEMBER_BITS ? GROUP_BITS : MEMBER_BITS;

  logic [WEIGHT_BITS-1:0] weight_base;
  logic [ACT_BITS-1:0]    act_base;
  logic [7:0]             input_last;
  logic [GROUP_BITS-1:0]  output_last;
  logic [MAP_BITS-1:0]    row_last, tile_last;
  logic                   stride2;
  logic [SLOT_BITS-1:0]   slot_last;

  logic unused;
  assign unused = &{1'b0, layer_data};

  always_ff @(posedge clk) begin
    if (layer_write) begin
      case (layer_register)
        3'd0: weight_base <= layer_data[WEIGHT_BITS-1:0];
        3'd1: act_base <= layer_data[ACT_BITS-1:0];
        3'd2: input_last <= layer_data[7:0];
        3'd3: output_last <= layer_data[GROUP_BITS-1:0];
        3'd4: row_last <= layer_data[MAP_BITS-1:0];
        3'd5: tile_last <= layer_data[MAP_BITS-1:0];
        3'd6: stride2 <= layer_data[0];
        default: slot_last <= layer_data[SLOT_BITS-1:0];
      endcase
    end
  end

  // Phases: `filling` and `reading` tell what the present one does.
  logic                 loading, filling, reading, bank;
  logic [SLOT_BITS-1:0] slot;
  logic [7:0]           input_group;
  logic [MAP_BITS-1:0]  row, tile;
  logic [ACT_BITS-1:0]  act, segment;

  logic last_slot, last_input, last_tile, segment_done;
  assign last_slot = slot == (filling ? slot_last : SLOT_BITS'(output_last));
  assign last_input = input_group == input_last;
  assign last_tile = tile == tile_last;
  assign segment_done = stride2 || tile[0] || last_tile;

  assign load_valid = loading;
  assign member = slot[MEMBER_BITS-1:0];
  assign fill_valid = filling && (slot >> MEMBER_BITS) == 0;
  assign fill_first = slot == 0;
  assign fill_upper = tile[0];
  assign fill_stride2 = stride2;
  assign fill_bank = bank;
  assign act_address = act;

  always_ff @(posedge clk) begin
    if (start) begin
      loading <= 1'b1;
      filling <= 1'b0;
      reading <= 1'b0;
      bank <= 1'b0;
      slot <= '0;
      input_group <= '0;
      tile <= '0;
      row <= '0;
      act <= act_base;
      segment <= act_base;
    end else if (loading && step) begin
      slot <= slot + 1;
      if (&member) begin
        loading <= 1'b0;
        filling <= 1'b1;
        slot <= '0;
      end
    end else if (step && (filling || reading)) begin
      slot <= last_slot ? '0 : slot + 1;
      if (last_slot) begin
        bank <= !bank;
        reading <= filling;
        input_group <= last_input ? '0 : input_group + 1;
        act <= last_input && !segment_done ? segment : act + 1;
        if (last_input) begin
          if (segment_done) segment <= act + 1;
          tile <= last_tile ? '0 : tile + 1;
          if (last_tile) row <= row + 1;
          if (last_tile && row == row_last) filling <= 1'b0;
        end
      end
    end
    if (reset) begin
      loading <= 1'b0;
      filling <= 1'b0;
      reading <= 1'b0;
    end
  end

  // What is read was filled one phase before; its first and last input groups come with it.
  logic previous_first, previous_last;

  always_ff @(posedge clk) begin
    if (step && filling && last_slot) begin
      previous_first <= input_group == 0;
      previous_last <= last_input;
    end
  end

  // Reading runs two steps behind filling, so that the last response is in its table.
  logic [1:0]             late_valid, late_first, late_last;
  logic [GROUP_BITS-1:0]  late_group0, late_group1;
  logic [WEIGHT_BITS-1:0] weight, index_base;
  logic                   reads;

  assign reads = reading && slot <= SLOT_BITS'(output_last);

  always_ff @(posedge clk) begin
    if (step) begin
      late_valid <= {late_valid[0], reads};
      late_first <= {late_first[0], previous_first};
      late_last <= {late_last[0], previous_last};
      late_group0 <= GROUP_BITS'(slot);
      late_group1 <= late_group0;
      if (loading) begin
        weight <= weight + 1;
        index_base <= weight + 1;
      end else if (read_valid) begin
        weight <= read_last && read_group == output_last ? index_base : weight + 1;
      end
    end
    if (start) weight <= weight_base;
    if (reset) late_valid <= '0;
  end

  assign read_valid = late_valid[1];
  assign read_first = late_first[1];
  assign read_last = late_last[1];
  assign read_group = late_group1;
  assign weight_address = weight;
  assign active = loading || filling || reading || late_valid != '0;
endmodule
