`default_nettype none

// The element-wise arithmetic behind a convolution, one value a cycle (docs/arithmetic.md):
//
//   q  = S((round(in, pre_shift) * multiplier + bias) >> shift)     bias holds 2^(shift-1) already
//   u  = S(q + shortcut)
//   v  = u >= 0 ? u : S((u * slope + 2^11) >> 12)
//   x' = S(v + shift_out), bit = x' >= threshold
//
// With `logit` it hands a half of in + bias on instead of q: the low one, or with `in_high` the high.
// A value leaves 9 cycles after it entered. The constants of a channel lie in a memory each and are
// written half by half: 0 multiplier, 1 and 2 bias, 3 slope, 4 shift_out, 5 threshold. `shortcut`
// belongs to the value that entered 5 cycles before.
module subbit_requantizer #(
    parameter int CHANNELS = 256
) (
    input  logic                        clk,
    input  logic                        reset,
    input  logic                        write_valid,
    input  logic [2:0]                  write_part,
    input  logic [$clog2(CHANNELS)-1:0] write_channel,
    input  logic [31:0]                 write_data,
    // The layer, steady while it runs.
    input  logic [3:0]                  pre_shift,
    input  logic [4:0]                  shift,
    input  logic                        logit,
    input  logic                        in_valid,
    input  logic                        in_high,
    input  logic [$clog2(CHANNELS)-1:0] in_channel,
    input  logic signed [31:0]          in_value,
    input  logic signed [15:0]          shortcut,
    output logic                        busy,
    output logic                        out_valid,
    output logic signed [15:0]          out,
    output logic                        out_bit
);
  localparam int CHANNEL_BITS = $clog2(CHANNELS);
  localparam int STAGES = 9;

  // Stage n holds the value that entered n cycles before.
  logic [STAGES:1]         valid;
  logic [CHANNEL_BITS-1:0] channels[1:STAGES-1];

  always_ff @(posedge clk) begin
    valid <= {valid[STAGES-1:1], in_valid};
    channels[1] <= in_channel;
    for (int i = 2; i < STAGES; i++) channels[i] <= channels[i-1];
    if (reset) valid <= '0;
  end

  assign busy = |valid;
  assign out_valid = valid[STAGES];

  // Constants: each is read one cycle before the stage that uses it.
  localparam int PARTS = 6;
  logic [15:0]             constants[PARTS];
  logic [CHANNEL_BITS-1:0] read_channels[PARTS];

  assign read_channels[0] = channels[1];
  assign read_channels[1] = channels[2];
  assign read_channels[2] = channels[2];
  assign read_channels[3] = channels[5];
  assign read_channels[4] = channels[7];
  assign read_channels[5] = channels[8];

  for (genvar part = 0; part < PARTS; part++) begin : parts
    subbit_memory #(
        .WIDTH(16),
        .DEPTH(CHANNELS)
    ) memory (
        .clk,
        .write_enable(write_valid && write_part[1:0] == 2'(part / 2)),
        .write_address(write_channel),
        .write_data(part % 2 == 0 ? write_data[15:0] : write_data[31:16]),
        .read_enable(1'b1),
        .read_address(read_channels[part]),
        .read_data(constants[part])
    );
  end

  logic unused;
  assign unused = &{1'b0, write_part[2]};

  // 1: rounded before the shift.
  logic signed [31:0] sum1, half;
  logic               high1;

  always_comb begin
    half = '0;
    if (pre_shift != 0) half[pre_shift-1] = 1'b1;
  end

  always_ff @(posedge clk) begin
    sum1 <= in_value + half;
    high1 <= in_high;
  end

  // 2: 16 bits.
  logic signed [31:0] sum2, shifted1;
  logic signed [15:0] factor2;
  logic               high2;
  assign shifted1 = sum1 >>> pre_shift;

  always_ff @(posedge clk) begin
    factor2 <= shifted1[15:0];
    sum2 <= sum1;
    high2 <= high1;
  end

  // 3: times the multiplier.
  logic signed [31:0] product3, sum3;
  logic               high3;

  always_ff @(posedge clk) begin
    product3 <= factor2 * signed'(constants[0]);
    sum3 <= sum2;
    high3 <= high2;
  end

  // 4: plus the bias.
  logic signed [31:0] total4;
  logic               high4;

  always_ff @(posedge clk) begin
    total4 <= (logit ? sum3 : product3) + signed'({constants[2], constants[1]});
    high4 <= high3;
  end

  // 5: shifted and saturated, or a half.
  logic signed [15:0] shifted4, q5;

  subbit_saturating_shift shift4 (
      .value(total4),
      .shift,
      .shifted(shifted4)
  );

  always_ff @(posedge clk) begin
    if (logit) q5 <= high4 ? total4[31:16] : total4[15:0];
    else q5 <= shifted4;
  end

  // 6: plus the shortcut.
  logic signed [15:0] sum5, u6;

  subbit_saturating_add add5 (
      .a  (q5),
      .b  (shortcut),
      .sum(sum5)
  );

  always_ff @(posedge clk) u6 <= sum5;

  // 7: times the slope where negative.
  logic signed [31:0] product7;
  logic signed [15:0] u7;

  always_ff @(posedge clk) begin
    product7 <= u6 * signed'(constants[3]);
    u7 <= u6;
  end

  // 8: PReLU. |u * slope + 2^11| < 2^31.
  logic signed [15:0] scaled7, v8;

  subbit_saturating_shift shift7 (
      .value  (product7 + 32'sd2048),
      .shift  (5'd12),
      .shifted(scaled7)
  );

  always_ff @(posedge clk) v8 <= u7[15] ? scaled7 : u7;

  // 9: shifted.
  logic signed [15:0] sum8;

  subbit_saturating_add add8 (
      .a  (v8),
      .b  (constants[4]),
      .sum(sum8)
  );

  always_ff @(posedge clk) out <= sum8;

  assign out_bit = out >= signed'(constants[5]);

  logic unused_bits;
  assign unused_bits = &{1'b0, shifted1[31:16]};
endmodule
