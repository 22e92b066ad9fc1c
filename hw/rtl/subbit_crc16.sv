`default_nettype none

// One byte of CRC-16/CCITT-FALSE: polynomial 0x1021, most significant bit first. Start at 0xFFFF.
module subbit_crc16 (
    input  logic [15:0] crc,
    input  logic [7:0]  data,
    output logic [15:0] next
);
  function automatic logic [15:0] shift_in(input logic [15:0] start, input logic [7:0] bits);
    logic [15:0] value;
    value = start ^ {bits, 8'h00};
    for (int i = 0; i < 8; i++) value = {value[14:0], 1'b0} ^ (value[15] ? 16'h1021 : 16'h0000);
    shift_in = value;
  endfunction

  assign next = shift_in(crc, data);
endmodule
