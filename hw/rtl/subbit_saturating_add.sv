`default_nettype none

// S(a + b): the sum, or the nearest of -32768 and 32767 (docs/arithmetic.md).
module subbit_saturating_add (
    input  logic signed [15:0] a,
    input  logic signed [15:0] b,
    output logic signed [15:0] sum
);
  logic signed [16:0] whole;
  assign whole = 17'(a) + 17'(b);
  assign sum = whole[16] == whole[15] ? whole[15:0] : {whole[16], {15{!whole[16]}}};
endmodule
