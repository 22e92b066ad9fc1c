`default_nettype none

// The accelerator of whole networks behind a UART: what a board's top module wraps.
module subbit_uart_accelerator #(
    parameter int DIVIDER      = 12,
    parameter int PAUSE_BITS   = 18,
    parameter int PIXELS       = 7,
    parameter int OUTPUTS      = 2,
    parameter int INPUTS       = 2,
    parameter int TAU          = 5,
    parameter int COUNT_BITS   = 10,
    parameter int ACT_DEPTH    = 256,
    parameter int WEIGHT_DEPTH = 16384,
    parameter int MAP_DEPTH    = 16384,
    parameter int HUGE         = 1
) (
    input  logic clk,
    input  logic reset,
    input  logic rx,
    output logic tx,
    // High while a request is carried out.
    output logic working
);
  logic rx_valid, tx_valid, tx_ready;
  logic [7:0] rx_data, tx_data;

  subbit_uart_rx #(
      .DIVIDER(DIVIDER)
  ) receiver (
      .clk,
      .reset,
      .rx,
      .valid(rx_valid),
      .data(rx_data)
  );

  logic frame_valid, frame_ready, frame_good;
  logic [7:0] frame_sequence, frame_code, frame_halves, payload_address;
  logic [15:0] payload;

  subbit_frame_receiver #(
      .PAUSE_BITS(PAUSE_BITS)
  ) frame_receiver (
      .clk,
      .reset,
      .byte_valid(rx_valid),
      .byte_data(rx_data),
      .frame_valid,
      .frame_ready,
      .frame_good,
      .frame_sequence,
      .frame_code,
      .frame_halves,
      .payload_address,
      .payload
  );

  logic header_valid, header_ready, half_valid, half_ready;
  logic [7:0] header_sequence, header_code, header_halves;
  logic [15:0] half;

  logic write_valid, write_space, write_bank, start_valid, start_ready;
  logic [15:0] write_address, write_data, read_address, read_data;
  logic [7:0]  last_layer;
  logic [31:0] cycles;

  subbit_controller #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .INPUTS(INPUTS),
      .TAU(TAU),
      .COUNT_BITS(COUNT_BITS),
      .ACT_DEPTH(ACT_DEPTH),
      .WEIGHT_DEPTH(WEIGHT_DEPTH),
      .MAP_DEPTH(MAP_DEPTH)
  ) controller (
      .clk,
      .reset,
      .frame_valid,
      .frame_ready,
      .frame_good,
      .frame_sequence,
      .frame_code,
      .frame_halves,
      .payload_address,
      .payload,
      .header_valid,
      .header_ready,
      .header_sequence,
      .header_code,
      .header_halves,
      .half_valid,
      .half_ready,
      .half,
      .write_valid,
      .write_space,
      .write_address,
      .write_bank,
      .write_data,
      .start_valid,
      .start_ready,
      .last_layer,
      .cycles,
      .read_address,
      .read_data
  );

  subbit_network #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .INPUTS(INPUTS),
      .TAU(TAU),
      .COUNT_BITS(COUNT_BITS),
      .ACT_DEPTH(ACT_DEPTH),
      .WEIGHT_DEPTH(WEIGHT_DEPTH),
      .MAP_DEPTH(MAP_DEPTH),
      .HUGE(HUGE)
  ) network (
      .clk,
      .reset,
      .write_valid,
      .write_space,
      .write_address,
      .write_bank,
      .write_data,
      .start_valid,
      .start_ready,
      .last_layer,
      .cycles,
      .read_enable(1'b1),
      .read_address,
      .read_data
  );

  subbit_frame_sender sender (
      .clk,
      .reset,
      .header_valid,
      .header_ready,
      .header_sequence,
      .header_code,
      .header_halves,
      .half_valid,
      .half_ready,
      .half,
      .byte_valid(tx_valid),
      .byte_ready(tx_ready),
      .byte_data(tx_data)
  );

  subbit_uart_tx #(
      .DIVIDER(DIVIDER)
  ) transmitter (
      .clk,
      .reset,
      .valid(tx_valid),
      .ready(tx_ready),
      .data(tx_data),
      .tx
  );

  assign working = frame_valid;
endmodule
