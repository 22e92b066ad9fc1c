`default_nettype none

// The binary 3x3 convolution by response tables: each input channel's responses to all members are
// computed once a tile, and every output channel adds the one that its index names.
//   members -> match counters -> tables;  indices -> tables -> sums -> totals -> counts out.
//
// Memories, registers and handshakes are those of subbit_engine, but counts leave OUTPUTS channels a
// beat, and weights lie by input group (subbit_response_sequencer). One copy of the subset serves all
// counters, since all of them see the same member in a step.
module subbit_response_engine #(
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 4,
    parameter int INPUTS       = 8,
    parameter int TAU          = 5,
    parameter int ANTIPODAL    = 0,
    parameter int COUNT_BITS   = 13,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 4096,
    // Most groups of output channels.
    parameter int GROUPS       = 128
) (
    input  logic                                 clk,
    input  logic                                 reset,
    input  logic                                 write_valid,
    input  logic [1:0]                           write_space,
    input  logic [15:0]                          write_address,
    input  logic [7:0]                           write_bank,
    input  logic [15:0]                          write_data,
    input  logic                                 start_valid,
    output logic                                 start_ready,
    output logic                                 out_valid,
    input  logic                                 out_ready,
    output logic [OUTPUTS*PIXELS*COUNT_BITS-1:0] out_counts
);
  localparam int MEMBER_BITS = ANTIPODAL != 0 ? TAU - 1 : TAU;
  localparam int COLUMNS = 2 * PIXELS + 2;
  localparam int WEIGHT_WIDTH = OUTPUTS * INPUTS * TAU > 9 ? OUTPUTS * INPUTS * TAU : 9;
  localparam int WEIGHT_BANKS = (WEIGHT_WIDTH + 15) / 16;
  localparam int ACT_BANKS = 3 * INPUTS;
  localparam int SUM_BITS = $clog2(9 * INPUTS + 1);
  localparam int SUMS = OUTPUTS * PIXELS;
  localparam int WEIGHT_BITS = $clog2(WEIGHT_DEPTH);
  localparam int ACT_BITS = $clog2(ACT_DEPTH);
  localparam int GROUP_BITS = $clog2(GROUPS);

  if (COLUMNS > 16) $error("subbit_response_engine: PIXELS must be at most 7, a row is written as one half");
  if (ACT_BANKS > 256) $error("subbit_response_engine: INPUTS must be at most 85");
  if (WEIGHT_BANKS > 256) $error("subbit_response_engine: a weight word must be at most 4096 bits");
  if (WEIGHT_BITS > 16 || ACT_BITS > 16) $error("subbit_response_engine: memories have 16-bit addresses");
  if (COUNT_BITS < SUM_BITS) $error("subbit_response_engine: COUNT_BITS must hold a sum");

  logic step, active, start;
  logic load_valid, fill_valid, fill_first, fill_upper, fill_stride2, fill_bank;
  logic read_valid, read_first, read_last;
  logic [MEMBER_BITS-1:0] member;
  logic [GROUP_BITS-1:0]  read_group;
  logic [WEIGHT_BITS-1:0] weight_address;
  logic [ACT_BITS-1:0]    act_address;

  subbit_response_sequencer #(
      .MEMBER_BITS(MEMBER_BITS),
      .GROUP_BITS(GROUP_BITS),
      .WEIGHT_DEPTH(WEIGHT_DEPTH),
      .ACT_DEPTH(ACT_DEPTH)
  ) sequencer (
      .clk,
      .reset,
      .layer_write(write_valid && write_space == 2'd2),
      .layer_register(write_address[2:0]),
      .layer_data(write_data),
      .start,
      .active,
      .step,
      .load_valid,
      .fill_valid,
      .fill_first,
      .fill_upper,
      .fill_stride2,
      .fill_bank,
      .member,
      .act_address,
      .read_valid,
      .read_first,
      .read_last,
      .read_group,
      .weight_address
  );

  logic unused;
  assign unused = &{1'b0, write_address, weight_word};

  // Memory words.
  logic [WEIGHT_WIDTH-1:0]      weight_word;
  logic [ACT_BANKS*COLUMNS-1:0] act_word;

  for (genvar bank = 0; bank < WEIGHT_BANKS; bank++) begin : weight_banks
    localparam int WIDTH = WEIGHT_WIDTH - 16 * bank < 16 ? WEIGHT_WIDTH - 16 * bank : 16;

    subbit_single_port_memory #(
        .WIDTH(WIDTH),
        .DEPTH(WEIGHT_DEPTH)
    ) memory (
        .clk,
        .address(write_valid ? write_address[WEIGHT_BITS-1:0] : weight_address),
        .write_enable(write_valid && write_space == 2'd1 && write_bank == 8'(bank)),
        .write_data(write_data[WIDTH-1:0]),
        .read_enable(step),
        .read_data(weight_word[16*bank+:WIDTH])
    );
  end

  for (genvar bank = 0; bank < ACT_BANKS; bank++) begin : act_banks
    subbit_memory #(
        .WIDTH(COLUMNS),
        .DEPTH(ACT_DEPTH)
    ) memory (
        .clk,
        .write_enable(write_valid && write_space == 2'd0 && write_bank == 8'(bank)),
        .write_address(write_address[ACT_BITS-1:0]),
        .write_data(write_data[COLUMNS-1:0]),
        .read_enable(step),
        .read_address(act_address),
        .read_data(act_word[bank*COLUMNS+:COLUMNS])
    );
  end

  // What travels beside the data; index 1 is the stage of the memory words, 2 of windows and member.
  logic                   load_write, select, upper, stride2;
  logic [MEMBER_BITS-1:0] member1, member2;
  logic [2:1]             fill, fill_to;
  logic [4:1]             read, first, last;
  logic                   read_from;
  logic [GROUP_BITS-1:0]  group1, group2, group3, group4;
  logic [8:0]             subset_word, kernel;

  logic [GROUP_BITS-1:0] output_last;
  logic                  last_group;
  assign last_group = group1 == output_last;

  always_ff @(posedge clk) begin
    if (write_valid && write_space == 2'd2 && write_address[2:0] == 3'd3) begin
      output_last <= write_data[GROUP_BITS-1:0];
    end
  end

  always_ff @(posedge clk) begin
    if (step) begin
      load_write <= load_valid;
      select <= fill_valid && fill_first;
      upper <= fill_upper;
      stride2 <= fill_stride2;
      member1 <= member;
      member2 <= member1;
      fill <= {fill[1], fill_valid};
      fill_to <= {fill_to[1], fill_bank};
      kernel <= subset_word;
      read <= {read[3:1], read_valid};
      first <= {first[3:1], read_first};
      last <= {last[3:1], read_last};
      group1 <= read_group;
      group2 <= group1;
      group3 <= group2;
      group4 <= group3;
      // A bank is read in the phase behind the one that filled it: after its last group, the other one.
      if (read[1] && last_group) read_from <= !read_from;
    end
    if (start) read_from <= 1'b0;
    if (reset) begin
      load_write <= 1'b0;
      fill <= '0;
      read <= '0;
    end
  end

  subbit_memory #(
      .WIDTH(9),
      .DEPTH(1 << MEMBER_BITS)
  ) subset (
      .clk,
      .write_enable(load_write && step),
      .write_address(member1),
      .write_data(weight_word[8:0]),
      .read_enable(step),
      .read_address(member),
      .read_data(subset_word)
  );

  // Windows, tables and sums.
  logic [INPUTS*PIXELS*9-1:0] windows;
  logic [SUMS*SUM_BITS-1:0]   sums;

  for (genvar channel = 0; channel < INPUTS; channel++) begin : channels
    subbit_window_select #(
        .PIXELS(PIXELS)
    ) window_select (
        .clk,
        .step(step && select),
        .stride2,
        .upper,
        .rows(act_word[channel*3*COLUMNS+:3*COLUMNS]),
        .windows(windows[channel*PIXELS*9+:PIXELS*9])
    );
  end

  subbit_response_array #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .INPUTS(INPUTS),
      .TAU(TAU),
      .ANTIPODAL(ANTIPODAL)
  ) array (
      .clk,
      .step,
      .fill_valid(fill[2]),
      .fill_bank(fill_to[2]),
      .fill_member(member2),
      .kernel,
      .windows,
      .read_bank(read_from),
      .indices(weight_word[OUTPUTS*INPUTS*TAU-1:0]),
      .sums
  );

  // Totals of all output groups of a tile.
  logic [SUMS*COUNT_BITS-1:0] stored, totals;

  for (genvar lane = 0; lane < SUMS; lane++) begin : lanes
    assign totals[lane*COUNT_BITS+:COUNT_BITS] =
        (first[4] ? '0 : stored[lane*COUNT_BITS+:COUNT_BITS])
        + COUNT_BITS'(sums[lane*SUM_BITS+:SUM_BITS]);
  end

  subbit_memory #(
      .WIDTH(SUMS * COUNT_BITS),
      .DEPTH(GROUPS)
  ) accumulators (
      .clk,
      .write_enable(step && read[4]),
      .write_address(group4),
      .write_data(totals),
      .read_enable(step),
      .read_address(group3),
      .read_data(stored)
  );

  assign step = !out_valid || out_ready;

  always_ff @(posedge clk) begin
    if (step) begin
      out_valid <= read[4] && last[4];
      out_counts <= totals;
    end
    if (reset) out_valid <= 1'b0;
  end

  assign start_ready = !active && read == '0 && fill == '0 && !out_valid;
  assign start = start_valid && start_ready;
endmodule
