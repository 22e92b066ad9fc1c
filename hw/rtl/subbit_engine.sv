`default_nettype none

// The binary 3x3 convolution engine: memories, sequencer and the pipeline
//   issue -> memory words -> windows and kernels -> sums -> totals -> counts out.
//
// Memories are written in halves of 16 bits, only while the engine is idle: `write_space` 0 is
// activations (bank = channel of the group * 3 + row), 1 weights (bank = 16-bit part of the word),
// 2 the layer's registers. `start_ready` is high while idle; a start accepted then runs the layer.
module subbit_engine #(
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 4,
    parameter int INPUTS       = 2,
    parameter int TAU          = 5,
    parameter int COUNT_BITS   = 10,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 16384,
    parameter int WEIGHT_HUGE  = 1
) (
    input  logic                         clk,
    input  logic                         reset,
    input  logic                         write_valid,
    input  logic [1:0]                   write_space,
    input  logic [15:0]                  write_address,
    input  logic [7:0]                   write_bank,
    input  logic [15:0]                  write_data,
    input  logic                         start_valid,
    output logic                         start_ready,
    output logic                         out_valid,
    input  logic                         out_ready,
    output logic [PIXELS*COUNT_BITS-1:0] out_counts
);
  localparam int COLUMNS = 2 * PIXELS + 2;
  localparam int LANES = OUTPUTS * INPUTS;
  // An index a lane, but never less than a member.
  localparam int WEIGHT_WIDTH = LANES * TAU > 9 ? LANES * TAU : 9;
  localparam int WEIGHT_BANKS = (WEIGHT_WIDTH + 15) / 16;
  localparam int ACT_BANKS = 3 * INPUTS;
  localparam int SUM_BITS = $clog2(9 * INPUTS + 1);
  localparam int WEIGHT_BITS = $clog2(WEIGHT_DEPTH);
  localparam int ACT_BITS = $clog2(ACT_DEPTH);

  if (COLUMNS > 16) $error("subbit_engine: PIXELS must be at most 7, a row is written as one half");
  if (ACT_BANKS > 256) $error("subbit_engine: INPUTS must be at most 85");
  if (WEIGHT_BANKS > 256) $error("subbit_engine: a weight word must be at most 4096 bits");
  if (WEIGHT_BITS > 16 || ACT_BITS > 16) $error("subbit_engine: memories have 16-bit addresses");

  logic step, active, start, draining;
  logic member_valid, issue_valid, issue_first, issue_last, issue_upper, issue_stride2;
  logic [TAU-1:0]         member_index;
  logic [WEIGHT_BITS-1:0] weight_address;
  logic [ACT_BITS-1:0]    act_address;

  subbit_sequencer #(
      .TAU(TAU),
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
      .member_valid,
      .member_index,
      .issue_valid,
      .issue_first,
      .issue_last,
      .issue_upper,
      .issue_stride2,
      .weight_address,
      .act_address
  );

  logic unused;
  assign unused = &{1'b0, write_address};

  // Memory words.
  logic [WEIGHT_WIDTH-1:0]      weight_word;
  logic [ACT_BANKS*COLUMNS-1:0] act_word;

  for (genvar bank = 0; bank < WEIGHT_BANKS; bank++) begin : weight_banks
    localparam int WIDTH = WEIGHT_WIDTH - 16 * bank < 16 ? WEIGHT_WIDTH - 16 * bank : 16;

    subbit_single_port_memory #(
        .WIDTH(WIDTH),
        .DEPTH(WEIGHT_DEPTH),
        .HUGE (WEIGHT_HUGE)
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

  // What travels beside the data; index 1 is the stage of the memory words.
  logic           member_write;
  logic [TAU-1:0] member_write_index;
  logic [3:1]     valid, first, last;
  logic           upper, stride2;

  always_ff @(posedge clk) begin
    if (step) begin
      member_write <= member_valid;
      member_write_index <= member_index;
      valid <= {valid[2:1], issue_valid};
      first <= {first[2:1], issue_first};
      last <= {last[2:1], issue_last};
      upper <= issue_upper;
      stride2 <= issue_stride2;
    end
    if (reset) begin
      valid <= '0;
      member_write <= 1'b0;
    end
  end

  // Windows and kernels.
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
      .member_write(member_write && step),
      .member_index(member_write_index),
      .member_data(weight_word[8:0]),
      .step,
      .indices(weight_word[LANES*TAU-1:0]),
      .kernels
  );

  // Sums and totals.
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

  subbit_accumulator #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .SUM_BITS(SUM_BITS),
      .COUNT_BITS(COUNT_BITS)
  ) accumulator (
      .clk,
      .reset,
      .step,
      .busy(draining),
      .beats($clog2(OUTPUTS + 1)'(OUTPUTS)),
      .in_valid(valid[3]),
      .in_first(first[3]),
      .in_last(last[3]),
      .in_sums(sums),
      .out_valid,
      .out_ready,
      .out_counts
  );

  assign start_ready = !active && valid == '0 && !draining;
  assign start = start_valid && start_ready;
endmodule
