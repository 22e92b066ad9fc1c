`default_nettype none

// Computes whole networks: layer after layer as the weight memory describes them (docs/hardware.md).
//
//   loader -> gather -> matrix -----+-> requantizer -> map memory
//          -> binary layer ---------+              \-> bit writer -> activations of the binary layer
//
// Two map memories take turns: a layer reads one and writes the other, from word 0 on. The image lies
// in map memory 0, two pixels a word. Memories are written and read from outside while the network is
// idle: space 0 is the weight memory (32 bits, two banks of a half), space 1 the map memories (bit 15
// of an address picks one). `read_data` follows `read_address` by one cycle. `cycles` counts from the
// acceptance of a start until the layer of number `last_layer` is done.
module subbit_network #(
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 2,
    parameter int INPUTS       = 2,
    parameter int TAU          = 5,
    parameter int COUNT_BITS   = 10,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 16384,
    parameter int MAP_DEPTH    = 16384,
    parameter int HUGE         = 1
) (
    input  logic        clk,
    input  logic        reset,
    input  logic        write_valid,
    input  logic        write_space,
    input  logic [15:0] write_address,
    input  logic        write_bank,
    input  logic [15:0] write_data,
    input  logic        start_valid,
    output logic        start_ready,
    input  logic [7:0]  last_layer,
    output logic [31:0] cycles,
    input  logic        read_enable,
    input  logic [15:0] read_address,
    output logic [15:0] read_data
);
  localparam int CHANNELS = 256;
  localparam int VECTOR_DEPTH = 512;
  localparam int VECTOR_BITS = $clog2(VECTOR_DEPTH);
  localparam int WEIGHT_BITS = $clog2(WEIGHT_DEPTH);
  localparam int MAP_BITS = $clog2(MAP_DEPTH);
  localparam int ACT_BITS = $clog2(ACT_DEPTH);
  localparam int COLUMNS = 2 * PIXELS + 2;
  localparam int LANE_BITS = INPUTS > 1 ? $clog2(INPUTS) : 1;
  localparam int MEMBER_BITS = TAU == 9 ? 8 : TAU;
  localparam int LAYER_WORDS = 14;
  // Cycles between the walker and the shortcut's address, and the write of the value.
  localparam int SHORTCUT_DELAY = 5;
  localparam int WRITE_DELAY = 10;

  if (COUNT_BITS > 14) $error("subbit_network: COUNT_BITS must be at most 14");
  if (WEIGHT_BITS > 16) $error("subbit_network: WEIGHT_DEPTH must be at most 65536");
  if (MAP_BITS > 15) $error("subbit_network: MAP_DEPTH must be at most 32768");
  if (ACT_BITS > 16) $error("subbit_network: ACT_DEPTH must be at most 65536");

  // The layer's registers.
  logic [LAYER_WORDS*32-1:0] layer;
  logic binary, add_shortcut, write_bits, bytes, pool, wide, logit, stride2, next_stride2, largest;
  assign {next_stride2, stride2, logit, wide, pool, bytes, write_bits, add_shortcut, binary} = layer[8:0];
  assign largest = layer[18];

  logic [WEIGHT_BITS-1:0] weight_base;
  logic [ACT_BITS-1:0]    next_row_words, next_groups;
  assign weight_base = layer[48+:WEIGHT_BITS];
  assign next_row_words = layer[176+:ACT_BITS];
  assign next_groups = layer[192+:ACT_BITS];

  logic unused;
  assign unused = &{1'b0, layer, write_address, read_address};

  // Loading.
  logic loading, layer_odd, registers_done, constant_write, member_write, layer_start, layer_busy;
  logic [WEIGHT_BITS-1:0] loader_address;
  logic [31:0]            weight_word;
  logic [2:0]             constant_part;
  logic [7:0]             constant_channel;
  logic [MEMBER_BITS-1:0] member_index;

  subbit_loader #(
      .WEIGHT_BITS(WEIGHT_BITS),
      .LAYER_WORDS(LAYER_WORDS),
      .TAU(TAU)
  ) loader (
      .clk,
      .reset,
      .start_valid,
      .start_ready,
      .last_layer,
      .loading,
      .address(loader_address),
      .word(weight_word),
      .layer,
      .layer_odd,
      .registers_done,
      .constant_write,
      .constant_part,
      .constant_channel,
      .member_write,
      .member_index,
      .layer_start,
      .layer_busy
  );

  always_ff @(posedge clk) begin
    if (start_valid && start_ready) cycles <= '0;
    else if (!start_ready) cycles <= cycles + 1;
    if (reset) cycles <= '0;
  end

  // Weight memory.
  logic                   binary_step, matrix_step, weight_read;
  logic [WEIGHT_BITS-1:0] binary_weight, matrix_weight, weight_address;
  assign weight_read = loading || (binary ? binary_step : matrix_step);

  always_comb begin
    if (write_valid) weight_address = write_address[WEIGHT_BITS-1:0];
    else if (loading) weight_address = loader_address;
    else weight_address = binary ? binary_weight : matrix_weight;
  end

  for (genvar bank = 0; bank < 2; bank++) begin : weight_banks
    subbit_single_port_memory #(
        .WIDTH(16),
        .DEPTH(WEIGHT_DEPTH),
        .HUGE (HUGE)
    ) memory (
        .clk,
        .address(weight_address),
        .write_enable(write_valid && !write_space && write_bank == 1'(bank)),
        .write_data,
        .read_enable(weight_read),
        .read_data(weight_word[16*bank+:16])
    );
  end

  // Binary layers.
  logic                        binary_valid, binary_ready, act_bit;
  logic [COUNT_BITS-1:0]       binary_count;
  logic [INPUTS*3*COLUMNS-1:0] act_enable;
  logic [3*ACT_BITS-1:0]       act_address;

  subbit_binary_layer #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .INPUTS(INPUTS),
      .TAU(TAU),
      .COUNT_BITS(COUNT_BITS),
      .WEIGHT_BITS(WEIGHT_BITS),
      .ACT_DEPTH(ACT_DEPTH)
  ) binary_layer (
      .clk,
      .reset,
      .member_write,
      .member_index,
      .member_data(weight_word[8:0]),
      .weight_base,
      .act_base(layer[240+:ACT_BITS]),
      .input_last(layer[231:224]),
      .output_last(layer[239:232]),
      .row_last(layer[87:80]),
      .tile_last(layer[95:88]),
      .stride2,
      .start(layer_start && binary),
      .step(binary_step),
      .weight_address(binary_weight),
      .weight_word,
      .act_enable,
      .act_write_address(act_address),
      .act_write_bit(act_bit),
      .out_valid(binary_valid),
      .out_ready(binary_ready),
      .out_count(binary_count)
  );

  // Dense layers.
  logic [MAP_BITS-1:0]    gather_address;
  logic [15:0]            source_data, gathered, vector;
  logic                   vector_write, matrix_valid, matrix_ready;
  logic [VECTOR_BITS-1:0] vector_write_address, vector_address;
  logic [1:0]             filled, taken;
  logic [31:0]            matrix_sum;

  subbit_gather #(
      .MAP_BITS(MAP_BITS),
      .VECTOR_DEPTH(VECTOR_DEPTH)
  ) gather (
      .clk,
      .reset,
      .pool,
      .largest,
      .bytes,
      .zeros(layer[447:416]),
      .first_address(layer[240+:MAP_BITS+1]),
      .step_x(layer[320+:MAP_BITS+1]),
      .step_y(layer[336+:MAP_BITS+1]),
      .step_channel(layer[352+:MAP_BITS+1]),
      .step_column(layer[368+:MAP_BITS+1]),
      .step_row(layer[384+:MAP_BITS+1]),
      .window_x_last(layer[263:256]),
      .window_y_last(layer[271:264]),
      .channel_last(layer[279:272]),
      .column_last(layer[95:88]),
      .row_last(layer[87:80]),
      .width(layer[296:288]),
      .height(layer[312:304]),
      .stride(layer[281:280]),
      .padding(layer[283:282]),
      .start(layer_start && !binary),
      .source_address(gather_address),
      .source_data,
      .vector_write,
      .vector_address(vector_write_address),
      .vector_data(gathered),
      .filled,
      .taken
  );

  subbit_memory #(
      .WIDTH(16),
      .DEPTH(VECTOR_DEPTH)
  ) vectors (
      .clk,
      .write_enable(vector_write),
      .write_address(vector_write_address),
      .write_data(gathered),
      .read_enable(matrix_step),
      .read_address(vector_address),
      .read_data(vector)
  );

  subbit_matrix #(
      .WEIGHT_BITS(WEIGHT_BITS),
      .VECTOR_DEPTH(VECTOR_DEPTH)
  ) matrix (
      .clk,
      .reset,
      .wide,
      .each(largest),
      .weight_base,
      .input_last(layer[231:224]),
      .group_last(layer[239:232]),
      .start(layer_start && !binary),
      .step(matrix_step),
      .weight_address(matrix_weight),
      .weight_word,
      .vector_address,
      .vector_data(vector),
      .filled,
      .taken,
      .out_valid(matrix_valid),
      .out_ready(matrix_ready),
      .out_sum(matrix_sum)
  );

  // Every value of the layer, with its place.
  logic walking, take, ready, pause, pixel_odd, pixel_done, in_map, act_left, act_right;
  logic [MAP_BITS-1:0]  address;
  logic [7:0]           channel;
  logic [ACT_BITS-1:0]  act_word;
  logic [LANE_BITS-1:0] act_lane;
  logic [3:0]           act_column;
  logic [2:0]           act_rows;

  assign ready = walking && !pause;
  assign take = ready && (binary ? binary_valid : matrix_valid);
  assign binary_ready = ready && binary;
  // A sum gives two halves of a logit.
  assign matrix_ready = ready && !binary && (!logit || pixel_done);

  subbit_walker #(
      .PIXELS(PIXELS),
      .INPUTS(INPUTS),
      .MAP_BITS(MAP_BITS),
      .ACT_BITS(ACT_BITS)
  ) walker (
      .clk,
      .reset,
      .pixel_last(layer[34:32]),
      .channel_last(layer[47:40]),
      .lane_channel_last(layer[71:64]),
      .tile_last(layer[95:88]),
      .row_last(layer[87:80]),
      .width_last(layer[79:72]),
      .step_pixel(layer[96+:MAP_BITS]),
      .step_channel(layer[112+:MAP_BITS]),
      .step_tile(layer[128+:MAP_BITS]),
      .step_row(layer[144+:MAP_BITS]),
      .next_stride2,
      .next_base(layer[160+:ACT_BITS]),
      .next_row_words,
      .next_groups,
      .start(layer_start),
      .active(walking),
      .take,
      .pixel_odd,
      .pixel_done,
      .in_map,
      .address,
      .channel,
      .act_word,
      .act_lane,
      .act_column,
      .act_rows,
      .act_left,
      .act_right
  );

  logic               value_valid, value_high;
  logic signed [31:0] value;
  logic [7:0]         value_channel;

  always_ff @(posedge clk) begin
    value_valid <= take && in_map;
    value_high <= pixel_odd;
    value_channel <= channel;
    value <= binary ? 32'(signed'(16'({binary_count, 1'b0}) - layer[271:256])) : matrix_sum;
    pause <= take && in_map && write_bits && (act_left || act_right);
    if (reset) begin
      value_valid <= 1'b0;
      pause <= 1'b0;
    end
  end

  logic requantizing, out_valid, out_bit;
  logic [15:0] out;

  subbit_requantizer #(
      .CHANNELS(CHANNELS)
  ) requantizer (
      .clk,
      .reset,
      .write_valid(constant_write),
      .write_part(constant_part),
      .write_channel(constant_channel),
      .write_data(weight_word),
      .pre_shift(layer[12:9]),
      .shift(layer[17:13]),
      .logit,
      .in_valid(value_valid),
      .in_high(value_high),
      .in_channel(value_channel),
      .in_value(value),
      .shortcut(add_shortcut ? source_data : '0),
      .busy(requantizing),
      .out_valid,
      .out,
      .out_bit
  );

  // Where it goes.
  logic [MAP_BITS-1:0]  shortcut_address, out_address;
  logic [ACT_BITS-1:0]  out_word;
  logic [LANE_BITS-1:0] out_lane;
  logic [3:0]           out_column;
  logic [2:0]           out_rows;
  logic                 out_left, out_right, writing_bits;

  subbit_delay #(
      .WIDTH (MAP_BITS),
      .CYCLES(SHORTCUT_DELAY)
  ) shortcut_place (
      .clk,
      .in (address),
      .out(shortcut_address)
  );

  subbit_delay #(
      .WIDTH (MAP_BITS),
      .CYCLES(WRITE_DELAY - SHORTCUT_DELAY)
  ) map_place (
      .clk,
      .in (shortcut_address),
      .out(out_address)
  );

  subbit_delay #(
      .WIDTH (ACT_BITS + LANE_BITS + 9),
      .CYCLES(WRITE_DELAY)
  ) act_place (
      .clk,
      .in ({act_word, act_lane, act_column, act_rows, act_left, act_right}),
      .out({out_word, out_lane, out_column, out_rows, out_left, out_right})
  );

  subbit_bit_writer #(
      .PIXELS(PIXELS),
      .INPUTS(INPUTS),
      .ACT_BITS(ACT_BITS)
  ) bit_writer (
      .clk,
      .reset,
      .next_stride2,
      .next_row_words,
      .next_groups,
      .clear(registers_done && write_bits),
      .clear_first(layer[160+:ACT_BITS]),
      .clear_last(layer[208+:ACT_BITS]),
      .busy(writing_bits),
      .in_valid(out_valid && write_bits),
      .in_bit(out_bit),
      .in_word(out_word),
      .in_lane(out_lane),
      .in_column(out_column),
      .in_rows(out_rows),
      .in_left(out_left),
      .in_right(out_right),
      .act_enable,
      .act_address,
      .act_bit
  );

  assign layer_busy = walking || value_valid || requantizing || writing_bits;

  // Map memories.
  logic [MAP_BITS-1:0] source_address;
  logic [15:0]         map_words[2];
  logic                read_map;
  assign source_address = binary ? shortcut_address : gather_address;
  assign source_data = map_words[layer_odd];
  assign read_data = map_words[read_map];

  always_ff @(posedge clk) read_map <= read_address[15];

  for (genvar map = 0; map < 2; map++) begin : maps
    logic                from_outside, is_source;
    logic [MAP_BITS-1:0] map_address;
    assign from_outside = write_valid && write_space && write_address[15] == 1'(map);
    assign is_source = layer_odd == 1'(map);

    always_comb begin
      if (from_outside) map_address = write_address[MAP_BITS-1:0];
      else if (start_ready) map_address = read_address[MAP_BITS-1:0];
      else map_address = is_source ? source_address : out_address;
    end

    subbit_single_port_memory #(
        .WIDTH(16),
        .DEPTH(MAP_DEPTH),
        .HUGE (HUGE)
    ) memory (
        .clk,
        .address(map_address),
        .write_enable(from_outside || (!is_source && out_valid)),
        .write_data(from_outside ? write_data : out),
        .read_enable(start_ready ? read_enable : 1'b1),
        .read_data(map_words[map])
    );
  end
endmodule
