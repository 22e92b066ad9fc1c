`default_nettype none

// Counts the positions, 0..9, at which a window and a kernel agree: one binary 3x3 convolution on
// one channel. A tree of full adders; no carry chain.
module subbit_match_count (
    input  logic [8:0] window,
    input  logic [8:0] kernel,
    output logic [3:0] count
);
  function automatic logic [1:0] full_add(input logic a, input logic b, input logic c);
    full_add = {(a & b) | (a & c) | (b & c), a ^ b ^ c};
  endfunction

  logic [8:0] same;
  logic [1:0] row0, row1, row2, ones, low_twos, high_twos, fours;

  always_comb begin
    same = ~(window ^ kernel);
    row0 = full_add(same[0], same[1], same[2]);
    row1 = full_add(same[3], same[4], same[5]);
    row2 = full_add(same[6], same[7], same[8]);
    ones = full_add(row0[0], row1[0], row2[0]);
    low_twos = full_add(row0[1], row1[1], row2[1]);
    high_twos = full_add(low_twos[0], ones[1], 1'b0);
    fours = full_add(low_twos[1], high_twos[1], 1'b0);
    count = {fours, high_twos[0], ones[0]};
  end
endmodule
