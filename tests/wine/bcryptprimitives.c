/* A library of Windows 10 that Wine before version 9 lacks. Rust takes random numbers from it. */
#include <windows.h>
/* After it. */
#include <bcrypt.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
  return BCryptGenRandom(NULL, data, (ULONG)length, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0;
}
