// The mote command: finds the subcommand; help and version. Must not know: models.
// Tests: tests/models/cli_test.sh
#include "commands.h"
#include "setup.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const command *const commands[] = {&command_run, &command_check, &command_bench, &command_inspect};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

// Agreed words whose work is not there yet: they are known, and refused in a way that says so.
static const char *const planned[] = {"convert", "quantise", "diff", "debug", "trim", "codegen", NULL};

static void help(FILE *to) {
  fprintf(to, "usage: mote COMMAND ...\n\nRuns TensorFlow Lite (.tflite) and TorchScript (.pt, .ptl) models.\n\n");
  for (int i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
  fprintf(to, "  %-10s%s\n  %-10s%s\n", "help", "Explains a command: mote help run", "version", "Prints the version.");
  fprintf(to, "\nMOTE_CPU=c|avx2|avx512|avx512vnni|... caps the CPU features that are used.\n"
              "Exit status: 0 done, 1 something failed with a file, 2 the command line is wrong.\n");
}

static const command *find(const char *word) {
  for (int i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(commands[i]->name, word) == 0)
      return commands[i];
  return NULL;
}

static int refuse(const char *word) {
  const char *names[COMMAND_COUNT + 3] = {"help", "version"};
  for (int i = 0; i < COMMAND_COUNT; i++)
    names[i + 2] = commands[i]->name;
  for (int i = 0; planned[i]; i++)
    if (strcmp(planned[i], word) == 0) {
      fprintf(stderr, "mote: %s is not in this version; it has: run, check, bench, inspect (see: mote help)\n", word);
      return EXIT_USAGE;
    }
  const char *near = args_nearest(word, names);
  if (near)
    fprintf(stderr, "mote: no command \"%s\"; did you mean %s? (see: mote help)\n", word, near);
  else
    fprintf(stderr, "mote: no command \"%s\" (see: mote help)\n", word);
  return EXIT_USAGE;
}

static int help_on(int argc, char **argv) {
  if (!argc) {
    help(stdout);
    return EXIT_OK;
  }
  const command *cmd = find(argv[0]);
  if (!cmd)
    return refuse(argv[0]);
  args_help(cmd);
  return EXIT_OK;
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) {
    help(stderr);
    return EXIT_USAGE;
  }
  const char *word = argv[1];
  if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
    return help_on(argc - 2, argv + 2);
  if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
    printf("mote %s\n", mote_version());
    return EXIT_OK;
  }
  const command *cmd = find(word);
  return cmd ? cmd->run(cmd, argc - 2, argv + 2) : refuse(word);
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN); // a closed pipe is reported as a failed write
  signal(SIGXFSZ, SIG_IGN); // so is a file over the size limit
  return setup_finish(dispatch(argc, argv));
}
