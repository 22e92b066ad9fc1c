`default_nettype none

// Carries out requests, one frame at a time, and answers each with one frame (docs/hardware.md):
//   01 describe          -> protocol version and parameters
//   02 write             half 0: space, half 1: first word, then data, bank by bank, word by word
//   03 run               half 0: last layer to run -> cycles, low half first
//   04 read              half 0: first word of the maps, half 1: words -> these words
// The answer has the request's sequence number and its code + 80. A request that cannot be carried out
// has no effect and is answered with code FF and one half: 1 wrong CRC, 2 unknown code, 3 wrong payload.
module subbit_controller #(
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 2,
    parameter int INPUTS       = 2,
    parameter int TAU          = 5,
    parameter int COUNT_BITS   = 10,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 16384,
    parameter int MAP_DEPTH    = 16384
) (
    input  logic        clk,
    input  logic        reset,
    // Request.
    input  logic        frame_valid,
    output logic        frame_ready,
    input  logic        frame_good,
    input  logic [7:0]  frame_sequence,
    input  logic [7:0]  frame_code,
    input  logic [7:0]  frame_halves,
    output logic [7:0]  payload_address,
    input  logic [15:0] payload,
    // Answer.
    output logic        header_valid,
    input  logic        header_ready,
    output logic [7:0]  header_sequence,
    output logic [7:0]  header_code,
    output logic [7:0]  header_halves,
    output logic        half_valid,
    input  logic        half_ready,
    output logic [15:0] half,
    // Accelerator.
    output logic        write_valid,
    output logic        write_space,
    output logic [15:0] write_address,
    output logic        write_bank,
    output logic [15:0] write_data,
    output logic        start_valid,
    input  logic        start_ready,
    output logic [7:0]  last_layer,
    input  logic [31:0] cycles,
    output logic [15:0] read_address,
    input  logic [15:0] read_data
);
  localparam logic [15:0] PROTOCOL = 16'd2;
  localparam logic [7:0] DESCRIBE = 8'h01, WRITE = 8'h02, RUN = 8'h03, READ = 8'h04, FAILED = 8'hFF;
  localparam logic [7:0] ANSWER = 8'h80;
  localparam logic [15:0] WRONG_CRC = 16'd1, UNKNOWN_CODE = 16'd2, WRONG_PAYLOAD = 16'd3;

  typedef enum logic [2:0] {
    IDLE,
    ADDRESS,
    STORE,
    START,
    RUNNING,
    COUNT,
    HEADER,
    BODY
  } state_t;

  state_t      state;
  logic [7:0]  index, left;
  logic [15:0] address, reason;
  logic        space, bank;
  // A run uses its image up: a request that comes again is only answered again.
  logic        ran;
  logic [7:0]  ran_sequence;
  // Payload and result follow their addresses by one cycle.
  logic        settled;

  assign payload_address = index;
  assign write_valid = state == STORE && settled;
  assign write_space = space;
  assign write_address = address;
  assign write_bank = bank;
  assign write_data = payload;
  assign start_valid = state == START;
  assign last_layer = payload[7:0];
  assign read_address = address;
  assign header_valid = state == HEADER;
  assign header_sequence = frame_sequence;
  assign header_halves = left;
  assign half_valid = state == BODY && settled;
  always_comb begin
    case (header_code)
      ANSWER | DESCRIBE:
      case (index[3:0])
        4'd0: half = PROTOCOL;
        4'd1: half = 16'(PIXELS);
        4'd2: half = 16'(OUTPUTS);
        4'd3: half = 16'(INPUTS);
        4'd4: half = 16'(TAU);
        4'd5: half = 16'(COUNT_BITS);
        4'd6: half = 16'(ACT_DEPTH);
        4'd7: half = 16'(WEIGHT_DEPTH);
        default: half = 16'(MAP_DEPTH);
      endcase
      ANSWER | RUN: half = index[0] ? cycles[31:16] : cycles[15:0];
      ANSWER | READ: half = read_data;
      default: half = reason;
    endcase
  end

  always_ff @(posedge clk) begin
    frame_ready <= 1'b0;
    settled <= 1'b1;
    case (state)
      IDLE: begin
        index <= '0;
        bank <= 1'b0;
        if (frame_valid && !frame_ready) begin
          header_code <= FAILED;
          left <= 8'd1;
          state <= HEADER;
          if (!frame_good) begin
            reason <= WRONG_CRC;
          end else begin
            reason <= WRONG_PAYLOAD;
            case (frame_code)
              DESCRIBE:
              if (frame_halves == 0) begin
                header_code <= ANSWER | DESCRIBE;
                left <= 8'd9;
              end
              WRITE:
              if (frame_halves > 2 && payload[15:1] == 0) begin
                space <= payload[0];
                ran <= 1'b0;
                index <= 8'd1;
                settled <= 1'b0;
                state <= ADDRESS;
              end
              RUN:
              if (frame_halves == 1 && payload[15:8] == 0) begin
                state <= ran && ran_sequence == frame_sequence ? RUNNING : START;
              end
              READ:
              if (frame_halves == 2) begin
                address <= payload;
                index <= 8'd1;
                settled <= 1'b0;
                state <= COUNT;
              end
              default: reason <= UNKNOWN_CODE;
            endcase
          end
        end
      end
      ADDRESS:
      if (settled) begin
        address <= payload;
        index <= 8'd2;
        settled <= 1'b0;
        state <= STORE;
      end
      STORE:
      if (settled) begin
        settled <= 1'b0;
        index <= index + 1;
        bank <= !space && !bank;
        if (space || bank) address <= address + 1;
        if (index + 8'd1 == frame_halves) begin
          header_code <= ANSWER | WRITE;
          left <= '0;
          state <= HEADER;
        end
      end
      START: begin
        ran <= 1'b1;
        ran_sequence <= frame_sequence;
        if (start_ready) state <= RUNNING;
      end
      RUNNING:
      if (start_ready) begin
        index <= '0;
        header_code <= ANSWER | RUN;
        left <= 8'd2;
        state <= HEADER;
      end
      COUNT:
      if (settled) begin
        index <= '0;
        if (payload[7:0] != 0 && payload[15:8] == 0) begin
          header_code <= ANSWER | READ;
          left <= payload[7:0];
        end
        state <= HEADER;
      end
      HEADER:
      if (header_ready) begin
        state <= left == 0 ? IDLE : BODY;
        frame_ready <= left == 0;
      end
      BODY:
      if (half_valid && half_ready) begin
        index <= index + 1;
        left <= left - 1;
        settled <= 1'b0;
        address <= address + 1;
        if (left == 1) begin
          state <= IDLE;
          frame_ready <= 1'b1;
        end
      end
      default: state <= IDLE;
    endcase
    if (reset) begin
      ran <= 1'b0;
      state <= IDLE;
      frame_ready <= 1'b0;
    end
  end
endmodule
