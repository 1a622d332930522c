/* Preloaded into a program, makes the disk one whose every sync takes 2 ms more, and counts the syncs.
 *
 * SAMEKEY_BENCH_SYNCS names a file that grows by one byte for each.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_and_count(void)
{
    struct timespec two_ms = {0, 2000000};
    nanosleep(&two_ms, NULL);
    const char *file = getenv("SAMEKEY_BENCH_SYNCS");
    int counter = file ? open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (counter < 0 || write(counter, ".", 1) != 1)
        abort();
    close(counter);
}

int fsync(int file)
{
    wait_and_count();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}

int fdatasync(int file)
{
    wait_and_count();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}
