`default_nettype none

// S(value >> shift), rounded down (docs/arithmetic.md).
module subbit_saturating_shift (
    input  logic signed [31:0] value,
    input  logic        [ 4:0] shift,
    output logic signed [15:0] shifted
);
  logic signed [31:0] whole;
  assign whole = value >>> shift;
  assign shifted = whole[31:15] == '0 || whole[31:15] == '1 ? whole[15:0]
      : {whole[31], {15{!whole[31]}}};
endmodule
