`default_nettype none

// Tables of responses and the sums that are read out of them.
//
// Filling: PIXELS x INPUTS match counters compare the windows with one member a step; the counts of an
// input channel become word `member` of its table, PIXELS counts wide. Reading: every index of a step
// picks a word of its channel's table, and PIXELS x OUTPUTS sums over the INPUTS channels follow three
// steps later. Tables have two banks: one is read while the other is filled.
//
// In an antipodal subset the top bit of an index asks for the complement of a member: 9 less its count r.
// 9 - r is ~r - 6 in four bits, so the bits are turned and all the sixes of a sum are taken off at once.
module subbit_response_array #(
    parameter int PIXELS      = 7,
    parameter int OUTPUTS     = 4,
    parameter int INPUTS      = 8,
    parameter int TAU         = 5,
    parameter int ANTIPODAL   = 0,
    parameter int MEMBER_BITS = ANTIPODAL != 0 ? TAU - 1 : TAU,
    parameter int SUM_BITS    = $clog2(9 * INPUTS + 1)
) (
    input  logic                               clk,
    input  logic                               step,
    input  logic                               fill_valid,
    input  logic                               fill_bank,
    input  logic [MEMBER_BITS-1:0]             fill_member,
    input  logic [8:0]                         kernel,
    input  logic [INPUTS*PIXELS*9-1:0]         windows,
    input  logic                               read_bank,
    input  logic [OUTPUTS*INPUTS*TAU-1:0]      indices,
    output logic [OUTPUTS*PIXELS*SUM_BITS-1:0] sums
);
  localparam int WORD = 4 * PIXELS;
  localparam int QUADS = (INPUTS + 3) / 4;

  if (TAU < 1 || TAU > 8) $error("subbit_response_array: TAU must be 1..8");
  if (MEMBER_BITS < 1) $error("subbit_response_array: an antipodal subset needs TAU of at least 2");

  logic                   write, write_bank;
  logic [MEMBER_BITS-1:0] write_member;

  always_ff @(posedge clk) begin
    if (step) begin
      write <= fill_valid;
      write_bank <= fill_bank;
      write_member <= fill_member;
    end
  end

  // Contributions, [OUTPUTS][PIXELS][4 QUADS] of 4 bits; channels beyond INPUTS give 0.
  logic [OUTPUTS*PIXELS*QUADS*16-1:0] parts;

  logic [OUTPUTS*INPUTS-1:0] complements;

  for (genvar in = 0; in < 4 * QUADS; in++) begin : inputs
    if (in < INPUTS) begin : used
      logic [WORD-1:0] counts, filled;

      for (genvar pixel = 0; pixel < PIXELS; pixel++) begin : pixels
        subbit_match_count match (
            .window(windows[(in*PIXELS+pixel)*9+:9]),
            .kernel(kernel),
            .count (counts[pixel*4+:4])
        );
      end

      always_ff @(posedge clk) if (step) filled <= counts;

      for (genvar out = 0; out < OUTPUTS; out++) begin : outputs
        logic [TAU-1:0]  index;
        logic [WORD-1:0] word;

        assign index = indices[(out*INPUTS+in)*TAU+:TAU];

        subbit_response_table #(
            .WIDTH(WORD),
            .DEPTH(2 << MEMBER_BITS)
        ) responses (
            .clk,
            .write_enable(write && step),
            .write_address({write_bank, write_member}),
            .write_data(filled),
            .read_enable(step),
            .read_address({read_bank, index[MEMBER_BITS-1:0]}),
            .read_data(word)
        );

        if (ANTIPODAL != 0) begin : signed_index
          always_ff @(posedge clk) if (step) complements[out*INPUTS+in] <= index[TAU-1];
        end else begin : plain_index
          assign complements[out*INPUTS+in] = 1'b0;
        end

        for (genvar pixel = 0; pixel < PIXELS; pixel++) begin : pixels
          assign parts[((out*PIXELS+pixel)*4*QUADS+in)*4+:4] = word[pixel*4+:4] ^ {4{complements[out*INPUTS+in]}};
        end
      end
    end else begin : unused
      for (genvar out = 0; out < OUTPUTS; out++) begin : outputs
        for (genvar pixel = 0; pixel < PIXELS; pixel++) begin : pixels
          assign parts[((out*PIXELS+pixel)*4*QUADS+in)*4+:4] = '0;
        end
      end
    end
  end

  // Sums of four channels, then of all.
  for (genvar out = 0; out < OUTPUTS; out++) begin : outputs
    logic [SUM_BITS-1:0] turned, sixes;

    always_comb begin
      turned = '0;
      for (int in = 0; in < INPUTS; in++) turned = turned + SUM_BITS'(complements[out*INPUTS+in]);
    end

    always_ff @(posedge clk) if (step) sixes <= (turned << 2) + (turned << 1);

    for (genvar pixel = 0; pixel < PIXELS; pixel++) begin : pixels
      logic [QUADS*6-1:0]  quads;
      logic [SUM_BITS-1:0] sum;

      for (genvar quad = 0; quad < QUADS; quad++) begin : quad_sums
        logic [15:0] four;

        assign four = parts[((out*PIXELS+pixel)*QUADS+quad)*16+:16];
        always_ff @(posedge clk) begin
          if (step) begin
            quads[quad*6+:6] <= (6'(four[0+:4]) + 6'(four[4+:4])) + (6'(four[8+:4]) + 6'(four[12+:4]));
          end
        end
      end

      always_comb begin
        sum = -sixes;
        for (int quad = 0; quad < QUADS; quad++) sum = sum + SUM_BITS'(quads[quad*6+:6]);
      end

      always_ff @(posedge clk) if (step) sums[(out*PIXELS+pixel)*SUM_BITS+:SUM_BITS] <= sum;
    end
  end
endmodule
