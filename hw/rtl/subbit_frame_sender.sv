`default_nettype none

// Puts a frame together (see subbit_frame_receiver): accepts a header, then as many payload halves as
// it announces, and gives out bytes.
module subbit_frame_sender (
    input  logic        clk,
    input  logic        reset,
    input  logic        header_valid,
    output logic        header_ready,
    input  logic [7:0]  header_sequence,
    input  logic [7:0]  header_code,
    input  logic [7:0]  header_halves,
    input  logic        half_valid,
    output logic        half_ready,
    input  logic [15:0] half,
    output logic        byte_valid,
    input  logic        byte_ready,
    output logic [7:0]  byte_data
);
  localparam logic [7:0] START = 8'h5B;

  typedef enum logic [2:0] {
    IDLE,
    FIRST,
    SEQUENCE,
    CODE,
    HALVES,
    PAYLOAD,
    CHECK_LOW,
    CHECK_HIGH
  } state_t;

  state_t      state;
  logic [7:0]  sequence_number, code, halves, left;
  logic [15:0] crc, crc_next;
  logic        high;

  assign header_ready = state == IDLE;
  assign half_ready = state == PAYLOAD && high && byte_ready;
  assign byte_valid = state != IDLE && (state != PAYLOAD || half_valid);

  always_comb begin
    case (state)
      FIRST: byte_data = START;
      SEQUENCE: byte_data = sequence_number;
      CODE: byte_data = code;
      HALVES: byte_data = halves;
      PAYLOAD: byte_data = high ? half[15:8] : half[7:0];
      CHECK_LOW: byte_data = crc[7:0];
      default: byte_data = crc[15:8];
    endcase
  end

  subbit_crc16 check (
      .crc,
      .data(byte_data),
      .next(crc_next)
  );

  always_ff @(posedge clk) begin
    if (header_valid && header_ready) begin
      sequence_number <= header_sequence;
      code <= header_code;
      halves <= header_halves;
      left <= header_halves;
      high <= 1'b0;
      state <= FIRST;
    end else if (byte_valid && byte_ready) begin
      crc <= crc_next;
      case (state)
        FIRST: begin
          crc <= 16'hFFFF;
          state <= SEQUENCE;
        end
        SEQUENCE: state <= CODE;
        CODE: state <= HALVES;
        HALVES: state <= halves == 0 ? CHECK_LOW : PAYLOAD;
        PAYLOAD: begin
          high <= !high;
          if (high) left <= left - 1;
          if (high && left == 1) state <= CHECK_LOW;
        end
        CHECK_LOW: begin
          crc <= crc;
          state <= CHECK_HIGH;
        end
        default: state <= IDLE;
      endcase
    end
    if (reset) state <= IDLE;
  end
endmodule
