`default_nettype none

// Synchronous memory with one write port, each of whose bits is enabled by itself, and one read
// port, as in one or more block RAMs.
//
// `read_data` follows `read_address` by one cycle and holds while `read_enable` is low. Reading an
// address in the very cycle that writes it gives an undefined word: no user of this module does.
module subbit_masked_memory #(
    parameter int WIDTH = 16,
    parameter int DEPTH = 256
) (
    input  logic                     clk,
    input  logic [WIDTH-1:0]         write_enable,
    input  logic [$clog2(DEPTH)-1:0] write_address,
    input  logic [WIDTH-1:0]         write_data,
    input  logic                     read_enable,
    input  logic [$clog2(DEPTH)-1:0] read_address,
    output logic [WIDTH-1:0]         read_data
);
  if (WIDTH < 1) $error("subbit_masked_memory: WIDTH must be at least 1");
  if (DEPTH < 2) $error("subbit_masked_memory: DEPTH must be at least 2");

  (* ram_style = "block", no_rw_check *) logic [WIDTH-1:0] words[0:DEPTH-1];

  always_ff @(posedge clk) begin
    for (int i = 0; i < WIDTH; i++) if (write_enable[i]) words[write_address][i] <= write_data[i];
    if (read_enable) read_data <= words[read_address];
  end
endmodule
