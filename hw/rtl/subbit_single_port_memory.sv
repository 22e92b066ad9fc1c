`default_nettype none

// Synchronous memory with one port. HUGE asks for the part's large single-port memories (SPRAM of
// the iCE40 UltraPlus); otherwise block RAM.
//
// `read_data` follows the address by one cycle and holds while `read_enable` is low.
module subbit_single_port_memory #(
    parameter int WIDTH = 16,
    parameter int DEPTH = 256,
    parameter int HUGE  = 0
) (
    input  logic                     clk,
    input  logic [$clog2(DEPTH)-1:0] address,
    input  logic                     write_enable,
    input  logic [WIDTH-1:0]         write_data,
    input  logic                     read_enable,
    output logic [WIDTH-1:0]         read_data
);
  if (WIDTH < 1) $error("subbit_single_port_memory: WIDTH must be at least 1");
  if (DEPTH < 2) $error("subbit_single_port_memory: DEPTH must be at least 2");

  if (HUGE != 0) begin : huge
    (* ram_style = "huge" *) logic [WIDTH-1:0] words[0:DEPTH-1];

    always_ff @(posedge clk) begin
      if (write_enable) words[address] <= write_data;
      else if (read_enable) read_data <= words[address];
    end
  end else begin : block
    (* ram_style = "block" *) logic [WIDTH-1:0] words[0:DEPTH-1];

    always_ff @(posedge clk) begin
      if (write_enable) words[address] <= write_data;
      else if (read_enable) read_data <= words[address];
    end
  end
endmodule
