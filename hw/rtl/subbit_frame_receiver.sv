`default_nettype none

// Takes frames apart: 0x5B, sequence number, code, number n of payload halves, n halves (low byte
// first), CRC-16 (low byte first) over all but the first byte.
//
// A whole frame is offered with `frame_valid` until `frame_ready`; `frame_good` tells whether its CRC
// was right. Its payload can be read meanwhile; bytes that come in are dropped. A pause of
// 2^PAUSE_BITS cycles inside a frame gives the frame up.
module subbit_frame_receiver #(
    parameter int PAUSE_BITS = 18
) (
    input  logic        clk,
    input  logic        reset,
    input  logic        byte_valid,
    input  logic [7:0]  byte_data,
    output logic        frame_valid,
    input  logic        frame_ready,
    output logic        frame_good,
    output logic [7:0]  frame_sequence,
    output logic [7:0]  frame_code,
    output logic [7:0]  frame_halves,
    input  logic [7:0]  payload_address,
    output logic [15:0] payload
);
  localparam logic [7:0] START = 8'h5B;

  typedef enum logic [2:0] {
    IDLE,
    SEQUENCE,
    CODE,
    HALVES,
    PAYLOAD,
    CHECK_LOW,
    CHECK_HIGH,
    OFFER
  } state_t;

  state_t                state;
  logic [15:0]           crc, crc_next;
  logic [8:0]            position;
  logic [7:0]            low;
  logic [PAUSE_BITS-1:0] pause;

  assign frame_valid = state == OFFER;

  subbit_crc16 check (
      .crc,
      .data(byte_data),
      .next(crc_next)
  );

  subbit_memory #(
      .WIDTH(16),
      .DEPTH(256)
  ) halves (
      .clk,
      .write_enable(byte_valid && state == PAYLOAD && position[0]),
      .write_address(position[8:1]),
      .write_data({byte_data, low}),
      .read_enable(1'b1),
      .read_address(payload_address),
      .read_data(payload)
  );

  always_ff @(posedge clk) begin
    pause <= byte_valid || state == IDLE ? '0 : pause + 1;
    if (byte_valid) begin
      low <= byte_data;
      crc <= state == IDLE ? 16'hFFFF : crc_next;
      case (state)
        IDLE: if (byte_data == START) state <= SEQUENCE;
        SEQUENCE: begin
          frame_sequence <= byte_data;
          state <= CODE;
        end
        CODE: begin
          frame_code <= byte_data;
          state <= HALVES;
        end
        HALVES: begin
          frame_halves <= byte_data;
          position <= '0;
          state <= byte_data == 0 ? CHECK_LOW : PAYLOAD;
        end
        PAYLOAD: begin
          position <= position + 1;
          if (position == {frame_halves - 8'd1, 1'b1}) state <= CHECK_LOW;
        end
        CHECK_LOW: begin
          crc <= crc;
          frame_good <= byte_data == crc[7:0];
          state <= CHECK_HIGH;
        end
        CHECK_HIGH: begin
          frame_good <= frame_good && byte_data == crc[15:8];
          state <= OFFER;
        end
        default: ;
      endcase
    end
    if (&pause && state != OFFER) state <= IDLE;
    if (frame_valid && frame_ready) state <= IDLE;
    if (reset) state <= IDLE;
  end
endmodule
