/* Notes what is on disk for good: with every fsync of a file its content, with every fsync of a
   folder the names in it. Interposed with LD_PRELOAD; DURABLE_ROOT is looked after, DURABLE_NOTES
   is where the notes go. A file or folder is known by its inode and the time of its birth. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int durable_key(int fd, char *key, size_t size, int *is_folder) {
    struct statx found;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return -1;
    *is_folder = S_ISDIR(found.stx_mode);
    snprintf(key, size, "%llu-%lld-%u", (unsigned long long)found.stx_ino,
             (long long)found.stx_btime.tv_sec, found.stx_btime.tv_nsec);
    return S_ISDIR(found.stx_mode) || S_ISREG(found.stx_mode) ? 0 : -1;
}

static void note_names(int fd, FILE *out) {
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *one;
    while (folder != NULL && (one = readdir(folder)) != NULL) {
        char key[96];
        int is_folder, entry;
        if (!strcmp(one->d_name, ".") || !strcmp(one->d_name, "..")) continue;
        entry = openat(copy, one->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (entry < 0) continue;
        if (durable_key(entry, key, sizeof key, &is_folder) == 0)
            fprintf(out, "%s\t%d\t%s%c", key, is_folder, one->d_name, 0);
        close(entry);
    }
    if (folder != NULL) closedir(folder);
}

/* Through the descriptor itself where that can be read: closing another one of the same file would
   let go of the locks that SQLite holds on it. */
static void note_content(int fd, FILE *out) {
    char path[64], buffer[65536];
    ssize_t length;
    off_t place = 0;
    int reader = fd;
    if (pread(fd, buffer, 1, 0) < 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        reader = open(path, O_RDONLY | O_CLOEXEC);
    }
    while ((length = pread(reader, buffer, sizeof buffer, place)) > 0) {
        fwrite(buffer, 1, length, out);
        place += length;
    }
    if (reader != fd) close(reader);
}

/* What a power cut leaves of it from now on. One note at a time: no older one follows a newer. */
void durable_note(int fd, const char *notes) {
    char key[96], target[PATH_MAX], partial[PATH_MAX], turns[PATH_MAX];
    int is_folder, turn;
    FILE *out;
    if (durable_key(fd, key, sizeof key, &is_folder) != 0) return;
    snprintf(turns, sizeof turns, "%.4000s/turn", notes);
    snprintf(target, sizeof target, "%.3900s/%s", notes, key);
    snprintf(partial, sizeof partial, "%.3900s/partial-%d", notes, getpid());
    turn = open(turns, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (turn < 0) return;
    flock(turn, LOCK_EX);
    if ((out = fopen(partial, "we")) != NULL) {
        if (is_folder) note_names(fd, out); else note_content(fd, out);
        if (fclose(out) == 0) rename(partial, target);
    }
    close(turn);
}

static void flushed(int fd) {
    const char *root = getenv("DURABLE_ROOT"), *notes = getenv("DURABLE_NOTES");
    char link[64], path[PATH_MAX];
    ssize_t length;
    if (root == NULL || notes == NULL) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (strncmp(path, root, strlen(root)) == 0) durable_note(fd, notes);
}

int fsync(int fd) {
    static int (*real)(int);
    int status;
    if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if ((status = real(fd)) == 0) flushed(fd);
    return status;
}

int fdatasync(int fd) {
    static int (*real)(int);
    int status;
    if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if ((status = real(fd)) == 0) flushed(fd);
    return status;
}
