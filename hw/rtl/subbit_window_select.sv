`default_nettype none

// Cuts the 3x3 windows of PIXELS neighbouring outputs out of the three input rows of a segment.
//
// A row of a segment is 2*PIXELS+2 columns; its bit 0 is the column left of the segment. At stride 1 a
// segment holds two tiles of PIXELS outputs (`upper` picks the second), at stride 2 one.
// Windows follow rows by one step; bit ky*3+kx of a window belongs to that bit of a kernel.
module subbit_window_select #(
    parameter int PIXELS = 7
) (
    input  logic                      clk,
    input  logic                      step,
    input  logic                      stride2,
    input  logic                      upper,
    input  logic [3*(2*PIXELS+2)-1:0] rows,
    output logic [PIXELS*9-1:0]       windows
);
  localparam int COLUMNS = 2 * PIXELS + 2;

  for (genvar pixel = 0; pixel < PIXELS; pixel++) begin : pixels
    for (genvar tap = 0; tap < 9; tap++) begin : taps
      localparam int ROW = (tap / 3) * COLUMNS;
      localparam int COLUMN = tap % 3;

      always_ff @(posedge clk) begin
        if (step) begin
          windows[pixel*9+tap] <= stride2 ? rows[ROW+2*pixel+COLUMN]
                                : upper   ? rows[ROW+PIXELS+pixel+COLUMN]
                                :           rows[ROW+pixel+COLUMN];
        end
      end
    end
  end
endmodule
