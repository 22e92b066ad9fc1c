`default_nettype none

// Collects what a dense layer multiplies: for every position of its output one vector of at most
// VECTOR_DEPTH / 2 values, in two halves of a memory, so that one is filled while the other is used.
//
// For every position it walks a window of columns, rows and, outermost, channels through the source
// map. Taps outside of the map are 0. Without `pool` every tap is a value of the vector; with `pool`
// every window is one: the average of the 1, 2 or 4 taps inside of the map, or with `largest` the
// largest of them. With `bytes` the source is an image, two pixels a word, low byte first, and a
// value is pixel - zero of its channel.
//
// `source_data` follows `source_address` by one cycle. A half is offered by `filled` until `taken`.
module subbit_gather #(
    parameter int MAP_BITS     = 14,
    parameter int VECTOR_DEPTH = 512,
    parameter int VECTOR_BITS  = $clog2(VECTOR_DEPTH)
) (
    input  logic                   clk,
    input  logic                   reset,
    // The layer, steady while it runs.
    input  logic                   pool,
    input  logic                   largest,
    input  logic                   bytes,
    input  logic [31:0]            zeros,
    input  logic [MAP_BITS:0]      first_address,
    input  logic [MAP_BITS:0]      step_x,
    input  logic [MAP_BITS:0]      step_y,
    input  logic [MAP_BITS:0]      step_channel,
    input  logic [MAP_BITS:0]      step_column,
    input  logic [MAP_BITS:0]      step_row,
    input  logic [7:0]             window_x_last,
    input  logic [7:0]             window_y_last,
    input  logic [7:0]             channel_last,
    input  logic [7:0]             column_last,
    input  logic [7:0]             row_last,
    input  logic [8:0]             width,
    input  logic [8:0]             height,
    input  logic [1:0]             stride,
    input  logic [1:0]             padding,
    input  logic                   start,
    output logic [MAP_BITS-1:0]    source_address,
    input  logic [15:0]            source_data,
    output logic                   vector_write,
    output logic [VECTOR_BITS-1:0] vector_address,
    output logic [15:0]            vector_data,
    output logic [1:0]             filled,
    input  logic [1:0]             taken
);
  logic              active, half;
  logic [MAP_BITS:0] address;
  logic [7:0]        window_x, window_y, channel, column, row;
  // Columns and rows of the map: of the window's first tap and of this one; below 0 they are large.
  logic [8:0]        left, x, top, y;
  logic [1:0]        reserved;

  logic issue, last_x, last_y, last_channel, last_column, position_done;
  assign issue = active && !reserved[half];
  assign last_x = window_x == window_x_last;
  assign last_y = window_y == window_y_last;
  assign last_channel = channel == channel_last;
  assign last_column = column == column_last;
  assign position_done = last_x && last_y && last_channel;

  assign source_address = bytes ? address[MAP_BITS:1] : address[MAP_BITS-1:0];

  logic [MAP_BITS:0] advance;

  always_comb begin
    if (!last_x) advance = step_x;
    else if (!last_y) advance = step_y;
    else if (!last_channel) advance = step_channel;
    else if (!last_column) advance = step_column;
    else advance = step_row;
  end

  always_ff @(posedge clk) begin
    if (start) begin
      active <= 1'b1;
      half <= 1'b0;
      address <= first_address;
      window_x <= '0;
      window_y <= '0;
      channel <= '0;
      column <= '0;
      row <= '0;
      left <= 9'd0 - 9'(padding);
      x <= 9'd0 - 9'(padding);
      top <= 9'd0 - 9'(padding);
      y <= 9'd0 - 9'(padding);
    end else if (issue) begin
      address <= address + advance;
      window_x <= last_x ? '0 : window_x + 1;
      x <= last_x ? left : x + 1;
      if (last_x) begin
        window_y <= last_y ? '0 : window_y + 1;
        y <= last_y ? top : y + 1;
      end
      if (last_x && last_y) channel <= last_channel ? '0 : channel + 1;
      if (position_done) begin
        half <= !half;
        column <= last_column ? '0 : column + 1;
        left <= last_column ? 9'd0 - 9'(padding) : left + 9'(stride);
        x <= last_column ? 9'd0 - 9'(padding) : left + 9'(stride);
        if (last_column) begin
          row <= row + 1;
          top <= top + 9'(stride);
          y <= top + 9'(stride);
          if (row == row_last) active <= 1'b0;
        end
      end
    end
    if (reset) active <= 1'b0;
  end

  // The source's word.
  logic       tap, tap_inside, tap_first, tap_last, tap_end, tap_half, tap_high;
  logic [7:0] tap_zero;

  always_ff @(posedge clk) begin
    tap <= issue;
    tap_inside <= x < width && y < height;
    tap_first <= !pool || (window_x == 0 && window_y == 0);
    tap_last <= !pool || (last_x && last_y);
    tap_end <= position_done;
    tap_half <= half;
    tap_high <= address[0];
    tap_zero <= zeros[channel[1:0]*8+:8];
    if (reset) tap <= 1'b0;
  end

  logic [7:0]         pixel;
  logic signed [17:0] tap_value;
  assign pixel = tap_high ? source_data[15:8] : source_data[7:0];

  always_comb begin
    if (!tap_inside) tap_value = largest ? -18'sd32768 : '0;
    else if (bytes) tap_value = 18'({10'd0, pixel}) - 18'({10'd0, tap_zero});
    else tap_value = 18'(signed'(source_data));
  end

  // The value of the tap.
  logic signed [17:0] value;
  logic               comes, value_inside, value_first, value_last, value_end, value_half;

  always_ff @(posedge clk) begin
    value <= tap_value;
    comes <= tap;
    value_inside <= tap_inside;
    value_first <= tap_first;
    value_last <= tap_last;
    value_end <= tap_end;
    value_half <= tap_half;
    if (reset) comes <= 1'b0;
  end

  // The window's sum or largest value, complete one cycle after its last tap.
  logic signed [17:0]     sum, twice, fourfold;
  logic [2:0]             taps;
  logic                   replace, whole, whole_end, whole_half;
  logic [VECTOR_BITS-2:0] slot;
  assign replace = value_first || (largest && value > sum);

  always_ff @(posedge clk) begin
    if (comes && (replace || !largest)) sum <= replace ? value : sum + value;
    if (comes) taps <= largest ? '0 : (value_first ? '0 : taps) + 3'(value_inside);
    whole <= comes && value_last;
    whole_end <= comes && value_end;
    whole_half <= value_half;
    if (whole) slot <= whole_end ? '0 : slot + 1;
    if (start) slot <= '0;
    if (reset) begin
      whole <= 1'b0;
      whole_end <= 1'b0;
    end
  end

  assign twice = (sum + 18'sd1) >>> 1;
  assign fourfold = (sum + 18'sd2) >>> 2;

  assign vector_write = whole;
  assign vector_address = {whole_half, slot};
  assign vector_data = taps[2] ? fourfold[15:0] : taps[1] ? twice[15:0] : sum[15:0];

  logic unused;
  assign unused = &{1'b0, twice[17:16], fourfold[17:16]};

  always_ff @(posedge clk) begin
    for (int h = 0; h < 2; h++) begin
      if (issue && position_done && half == 1'(h)) reserved[h] <= 1'b1;
      if (whole_end && whole_half == 1'(h)) filled[h] <= 1'b1;
      if (taken[h]) begin
        reserved[h] <= 1'b0;
        filled[h] <= 1'b0;
      end
    end
    if (reset) begin
      reserved <= '0;
      filled <= '0;
    end
  end
endmodule
