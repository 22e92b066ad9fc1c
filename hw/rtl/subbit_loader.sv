`default_nettype none

// Reads the description of one layer after the other from the weight memory and starts each once
// all of it has come. A layer's words lie behind those of the layer before, the first from word 0:
// LAYER_WORDS registers, three words of constants a channel, and where it is binary and TAU < 9 the
// members of its subset. `word` follows `address` by one cycle while `loading`.
module subbit_loader #(
    parameter int WEIGHT_BITS = 14,
    parameter int LAYER_WORDS = 14,
    parameter int TAU         = 5,
    parameter int MEMBER_BITS = TAU == 9 ? 8 : TAU
) (
    input  logic                      clk,
    input  logic                      reset,
    // Runs layers until the one of number `last_layer`.
    input  logic                      start_valid,
    output logic                      start_ready,
    input  logic [7:0]                last_layer,
    output logic                      loading,
    output logic [WEIGHT_BITS-1:0]    address,
    input  logic [31:0]               word,
    output logic [LAYER_WORDS*32-1:0] layer,
    // Parity of the layer's number: which map memory it reads.
    output logic                      layer_odd,
    output logic                      registers_done,
    output logic                      constant_write,
    output logic [2:0]                constant_part,
    output logic [7:0]                constant_channel,
    output logic                      member_write,
    output logic [MEMBER_BITS-1:0]    member_index,
    output logic                      layer_start,
    input  logic                      layer_busy
);
  typedef enum logic [2:0] {
    IDLE,
    REGISTERS,
    CONSTANTS,
    MEMBERS,
    SETTLE,
    START,
    RUN
  } state_t;

  state_t     state;
  logic [7:0] layer_number, count;
  logic [1:0] part;

  logic       has_members;
  logic [7:0] channel_last, member_last;
  assign has_members = layer[0] && TAU != 9;
  assign member_last = layer[31:24];
  assign channel_last = layer[47:40];

  assign start_ready = state == IDLE;
  assign loading = state == REGISTERS || state == CONSTANTS || state == MEMBERS;
  assign layer_start = state == START;
  assign layer_odd = layer_number[0];

  // What the word that comes is.
  logic       register_comes;
  logic [7:0] comes;

  always_ff @(posedge clk) begin
    register_comes <= state == REGISTERS;
    constant_write <= state == CONSTANTS;
    member_write <= state == MEMBERS;
    registers_done <= state == REGISTERS && count == 8'(LAYER_WORDS - 1);
    comes <= count;
    constant_part <= {1'b0, part};
    for (int i = 0; i < LAYER_WORDS; i++) begin
      if (register_comes && comes == 8'(i)) layer[32*i+:32] <= word;
    end

    if (loading) address <= address + 1;
    case (state)
      IDLE: begin
        address <= '0;
        count <= '0;
        part <= '0;
        layer_number <= '0;
        if (start_valid) state <= REGISTERS;
      end
      REGISTERS: begin
        count <= count + 1;
        if (count == 8'(LAYER_WORDS - 1)) begin
          count <= '0;
          state <= CONSTANTS;
        end
      end
      CONSTANTS: begin
        part <= part == 2'd2 ? '0 : part + 1;
        if (part == 2'd2) begin
          count <= count + 1;
          if (count == channel_last) begin
            count <= '0;
            state <= has_members ? MEMBERS : SETTLE;
          end
        end
      end
      MEMBERS: begin
        count <= count + 1;
        if (count == member_last) begin
          count <= '0;
          state <= SETTLE;
        end
      end
      // The last word arrives, the activations are cleared.
      SETTLE: if (!layer_busy) state <= START;
      START: state <= RUN;
      default:
      if (!layer_busy) begin
        layer_number <= layer_number + 1;
        state <= layer_number == last_layer ? IDLE : REGISTERS;
      end
    endcase
    if (reset) begin
      state <= IDLE;
      register_comes <= 1'b0;
      constant_write <= 1'b0;
      member_write <= 1'b0;
      registers_done <= 1'b0;
    end
  end

  assign constant_channel = comes;
  assign member_index = comes[MEMBER_BITS-1:0];
endmodule
