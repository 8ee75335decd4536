/* What the kiosk needs of the system: a request to stop, and the visitors' keyboard. */
#ifndef KIOSK_INPUT_H
#define KIOSK_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Call it before any other thread starts. From then on SIGTERM and SIGINT stop the kiosk; on Windows Ctrl-C, Ctrl-Break, the closing of
   the console, logoff and shutdown do. `on_stop` is then called once, on a thread of its own, where it may call any function. */
bool input_start(void (*on_stop)(void *data), void *data);

/* Waits for input of a visitor, or for limit_ms (-1: no limit). False if the kiosk must stop. */
bool input_wait(bool visitor, int limit_ms);

/* Reads a line without its newline, cut to size. False at the end of the input, or if the kiosk must stop. */
bool input_line(char *line, size_t size);

/* From then on `on_stop` is not called any more. */
void input_end(void);

#endif
