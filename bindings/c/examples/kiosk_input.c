/* The request to stop, and the visitors' keyboard: on POSIX systems, and on Windows. */
#include "kiosk_input.h"

#include <stdio.h>

static void (*stop)(void *data);
static void *stop_data;

#ifdef _WIN32
#include <windows.h>

static HANDLE stopping; /* Set once the kiosk must stop. */
static SRWLOCK lock = SRWLOCK_INIT;
static bool done; /* `stop` must not be called any more. */
/* What the reader has read. It reads more when all of it is taken. */
static HANDLE available, taken;
static char bytes[256];
static DWORD count, at;

/* ANCHOR: console */
/* Windows calls this on a thread of its own, which may call any function. */
static BOOL WINAPI on_control(DWORD type) {
  AcquireSRWLockExclusive(&lock);
  SetEvent(stopping); /* First, so that a cancelled call sees the reason. */
  if (!done) stop(stop_data);
  done = true;
  ReleaseSRWLockExclusive(&lock);
  /* After the others, Windows ends the process when this function returns: let `main` return first. */
  if (type != CTRL_C_EVENT && type != CTRL_BREAK_EVENT) Sleep(INFINITE);
  return TRUE;
}
/* ANCHOR_END: console */

/* A thread, because Windows cannot wait for input and for an event at once if the input is a pipe. */
static DWORD WINAPI read_input(void *data) {
  HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  (void)data;
  do {
    at = 0;
    if (!ReadFile(input, bytes, sizeof bytes, &count, NULL)) count = 0;
    SetEvent(available);
  } while (count > 0 && WaitForSingleObject(taken, INFINITE) == WAIT_OBJECT_0);
  return 0;
}

bool input_start(void (*on_stop)(void *data), void *data) {
  stop = on_stop;
  stop_data = data;
  SetConsoleCP(CP_UTF8);
  SetConsoleOutputCP(CP_UTF8);
  stopping = CreateEvent(NULL, TRUE, FALSE, NULL);
  available = CreateEvent(NULL, TRUE, FALSE, NULL);
  taken = CreateEvent(NULL, FALSE, FALSE, NULL);
  return stopping != NULL && available != NULL && taken != NULL && SetConsoleCtrlHandler(on_control, TRUE) &&
         CreateThread(NULL, 0, read_input, NULL, 0, NULL) != NULL;
}

bool input_wait(bool visitor, int limit_ms) {
  HANDLE events[] = {stopping, available};
  fflush(stdout);
  return WaitForMultipleObjects(visitor ? 2 : 1, events, FALSE, limit_ms < 0 ? INFINITE : (DWORD)limit_ms) != WAIT_OBJECT_0;
}

/* The next byte of the input. False at its end. */
static bool next_byte(char *byte) {
  if (count == 0) return false;
  *byte = bytes[at++];
  if (at == count) {
    ResetEvent(available);
    SetEvent(taken);
  }
  return true;
}

void input_end(void) {
  AcquireSRWLockExclusive(&lock);
  done = true;
  ReleaseSRWLockExclusive(&lock);
}
#else
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static sigset_t signals;
static int stopping[2]; /* A pipe: readable once the kiosk must stop. */
static pthread_t waiter;

/* ANCHOR: signals */
/* Runs on a thread of its own, which may call any function. A signal handler may not. */
static void *wait_for_signal(void *unused) {
  int signal;
  sigwait(&signals, &signal);
  close(stopping[1]); /* First, so that a cancelled call sees the reason. */
  stop(stop_data);
  return unused;
}
/* ANCHOR_END: signals */

bool input_start(void (*on_stop)(void *data), void *data) {
  stop = on_stop;
  stop_data = data;
  /* Before any thread starts, so that every thread but the waiter blocks the signals. */
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  return pipe(stopping) == 0 && pthread_create(&waiter, NULL, wait_for_signal, NULL) == 0;
}

bool input_wait(bool visitor, int limit_ms) {
  struct pollfd inputs[] = {{stopping[0], POLLIN, 0}, {visitor ? STDIN_FILENO : -1, POLLIN, 0}};
  fflush(stdout);
  poll(inputs, 2, limit_ms);
  return inputs[0].revents == 0;
}

static bool next_byte(char *byte) { return read(STDIN_FILENO, byte, 1) == 1; }

void input_end(void) {
  pthread_kill(waiter, SIGTERM); /* Stops it if it still waits. */
  pthread_join(waiter, NULL);
}
#endif

bool input_line(char *line, size_t size) {
  size_t length = 0;
  for (char byte = '\0'; byte != '\n';) {
    if (!input_wait(true, -1) || !next_byte(&byte)) return false;
    /* Windows ends lines with \r\n. */
    if (byte != '\n' && byte != '\r' && length + 1 < size) line[length++] = byte;
  }
  line[length] = '\0';
  return true;
}
