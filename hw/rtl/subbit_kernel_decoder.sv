`default_nettype none

// Turns indices into kernels: every lane looks its index up in its own copy of the layer's subset.
// At TAU = 9 an index is the kernel itself and the copies fall away: the 1-bit network.
// Kernels follow indices by one step.
module subbit_kernel_decoder #(
    parameter int TAU   = 5,
    parameter int LANES = 8
) (
    input  logic                 clk,
    // The subset: member_data becomes member number member_index in every copy.
    input  logic                 member_write,
    input  logic [TAU-1:0]       member_index,
    input  logic [8:0]           member_data,
    input  logic                 step,
    input  logic [LANES*TAU-1:0] indices,
    output logic [LANES*9-1:0]   kernels
);
  if (TAU < 1 || TAU > 9) $error("subbit_kernel_decoder: TAU must be 1..9");

  if (TAU == 9) begin : direct
    always_ff @(posedge clk) if (step) kernels <= indices;

    logic unused;
    assign unused = &{1'b0, member_write, member_index, member_data};
  end else begin : lookup
    for (genvar lane = 0; lane < LANES; lane++) begin : lanes
      subbit_memory #(
          .WIDTH(9),
          .DEPTH(1 << TAU)
      ) subset (
          .clk,
          .write_enable(member_write),
          .write_address(member_index),
          .write_data(member_data),
          .read_enable(step),
          .read_address(indices[lane*TAU+:TAU]),
          .read_data(kernels[lane*9+:9])
      );
    end
  end
endmodule
