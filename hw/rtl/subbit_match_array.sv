`default_nettype none

// The arithmetic: PIXELS x OUTPUTS sums over INPUTS channels of a step. Every window is shared by all
// outputs, every kernel by all pixels. Sums follow their operands by one step.
module subbit_match_array #(
    parameter int PIXELS   = 7,
    parameter int OUTPUTS  = 4,
    parameter int INPUTS   = 2,
    parameter int SUM_BITS = $clog2(9 * INPUTS + 1)
) (
    input  logic                               clk,
    input  logic                               step,
    input  logic [INPUTS*PIXELS*9-1:0]         windows,
    input  logic [OUTPUTS*INPUTS*9-1:0]        kernels,
    output logic [OUTPUTS*PIXELS*SUM_BITS-1:0] sums
);
  for (genvar out = 0; out < OUTPUTS; out++) begin : outputs
    for (genvar pixel = 0; pixel < PIXELS; pixel++) begin : pixels
      logic [INPUTS*4-1:0] counts;
      logic [SUM_BITS-1:0] sum;

      for (genvar in = 0; in < INPUTS; in++) begin : inputs
        subbit_match_count match (
            .window(windows[(in*PIXELS+pixel)*9+:9]),
            .kernel(kernels[(out*INPUTS+in)*9+:9]),
            .count (counts[in*4+:4])
        );
      end

      always_comb begin
        sum = '0;
        for (int in = 0; in < INPUTS; in++) sum = sum + SUM_BITS'(counts[in*4+:4]);
      end

      always_ff @(posedge clk) if (step) sums[(out*PIXELS+pixel)*SUM_BITS+:SUM_BITS] <= sum;
    end
  end
endmodule
