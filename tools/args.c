// Owns: parsing of option tables and their help. Must not know: any command. Tests: tests/models/cli_test.sh
#include "args.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 48 };

static size_t smallest(size_t a, size_t b, size_t c) {
  size_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

// Levenshtein's distance, one row kept; words longer than WORD_MAX are never near anything.
static size_t distance(const char *a, const char *b) {
  size_t la = strlen(a), lb = strlen(b), row[WORD_MAX + 1];
  if (la > WORD_MAX || lb > WORD_MAX)
    return WORD_MAX;
  for (size_t j = 0; j <= lb; j++)
    row[j] = j;
  for (size_t i = 1; i <= la; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= lb; j++) {
      size_t next = smallest(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row[lb];
}

const char *args_nearest(const char *word, const char *const *candidates) {
  const char *best = NULL;
  size_t best_distance = strlen(word) / 3 + 2; // about one slip in three letters
  for (; *candidates; candidates++) {
    size_t d = distance(word, *candidates);
    if (d < best_distance) {
      best_distance = d;
      best = *candidates;
    }
  }
  return best;
}

int args_refuse(const command *cmd, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "mote %s: ", cmd->name);
  vfprintf(stderr, format, args);
  fprintf(stderr, " (see: mote %s --help)\n", cmd->name);
  va_end(args);
  return EXIT_USAGE;
}

void args_help(const command *cmd) {
  printf("usage: %s\n\n%s\n", cmd->usage, cmd->summary);
  if (cmd->specs->name)
    printf("\noptions:\n");
  for (const arg_spec *spec = cmd->specs; spec->name; spec++) {
    char left[64];
    snprintf(left, sizeof left, "%s%s%s %s", spec->letter ? spec->letter : "", spec->letter ? ", " : "", spec->name,
             spec->value ? spec->value : "");
    printf("  %-28s %s\n", left, spec->help);
  }
  printf("  %-28s %s\n", "-h, --help", "this text");
}

bool args_number(const char *text, double min, double max, double *out) {
  char *end = NULL;
  errno = 0;
  double v = strtod(text, &end);
  if (end == text || *end || errno == ERANGE || !isfinite(v) || v < min || v > max)
    return false;
  *out = v;
  return true;
}

bool args_count(const char *text, double min, double max, uint32_t *out) {
  if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 10)
    return false;
  double v = strtod(text, NULL);
  if (v < min || v > max || v > UINT32_MAX)
    return false;
  *out = (uint32_t)v;
  return true;
}

static bool take_word(const arg_spec *spec, const char *text, int *out) {
  for (int i = 0; spec->words[i]; i++)
    if (strcmp(spec->words[i], text) == 0) {
      *out = i;
      return true;
    }
  return false;
}

static void words_text(const arg_spec *spec, char *out, size_t room) {
  size_t used = 0;
  out[0] = 0;
  for (int i = 0; spec->words[i] && used < room; i++)
    used += (size_t)snprintf(out + used, room - used, "%s%s", i ? ", " : "", spec->words[i]);
}

static bool list_add(arg_list *list, const char *text) {
  const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
  if (!items)
    return false;
  list->items = items;
  items[list->count++] = text;
  return true;
}

static int take_value(const command *cmd, const arg_spec *spec, const char *text, char *field) {
  char words[160];
  switch (spec->kind) {
  case ARG_COUNT:
    if (!args_count(text, spec->min, spec->max, (uint32_t *)(void *)field))
      return args_refuse(cmd, "%s takes a whole number from %.0f to %.0f, not \"%s\"", spec->name, spec->min, spec->max,
                         text);
    return EXIT_OK;
  case ARG_NUMBER:
    if (!args_number(text, spec->min, spec->max, (double *)(void *)field))
      return args_refuse(cmd, "%s takes a number from %g to %g, not \"%s\"", spec->name, spec->min, spec->max, text);
    return EXIT_OK;
  case ARG_WORD:
    if (take_word(spec, text, (int *)(void *)field))
      return EXIT_OK;
    words_text(spec, words, sizeof words);
    return args_refuse(cmd, "%s takes one of %s, not \"%s\"", spec->name, words, text);
  case ARG_LIST:
    return list_add((arg_list *)(void *)field, text) ? EXIT_OK : args_refuse(cmd, "no memory");
  default:
    *(const char **)(void *)field = text;
    return EXIT_OK;
  }
}

// `word` up to `len` characters is the option's name or letter.
static const arg_spec *find_spec(const command *cmd, const char *word, size_t len) {
  for (const arg_spec *spec = cmd->specs; spec->name; spec++)
    if ((strlen(spec->name) == len && memcmp(spec->name, word, len) == 0) ||
        (spec->letter && strlen(spec->letter) == len && memcmp(spec->letter, word, len) == 0))
      return spec;
  return NULL;
}

static int refuse_option(const command *cmd, const char *word) {
  const char *names[64];
  size_t count = 0;
  for (const arg_spec *spec = cmd->specs; spec->name && count < 63; spec++)
    names[count++] = spec->name;
  names[count] = NULL;
  const char *near = args_nearest(word, names);
  return near ? args_refuse(cmd, "no option %s; did you mean %s?", word, near) : args_refuse(cmd, "no option %s", word);
}

// Takes the option at argv[*at] with its value, which stands after '=' or in the next word.
static int take_option(const command *cmd, int argc, char **argv, int *at, char *options) {
  const char *word = argv[*at];
  const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
  const arg_spec *spec = find_spec(cmd, word, equals ? (size_t)(equals - word) : strlen(word));
  if (!spec)
    return refuse_option(cmd, word);
  char *field = options + spec->offset;
  if (spec->kind == ARG_FLAG) {
    if (equals)
      return args_refuse(cmd, "%s takes no value", spec->name);
    *(bool *)(void *)field = true;
    return EXIT_OK;
  }
  if (equals)
    return take_value(cmd, spec, equals + 1, field);
  if (*at + 1 >= argc)
    return args_refuse(cmd, "%s needs %s", spec->name, spec->value);
  return take_value(cmd, spec, argv[++*at], field);
}

static int check_places(const command *cmd, const arg_list *places) {
  if (places->count < cmd->places_min)
    return args_refuse(cmd, "too few words; usage: %s", cmd->usage);
  if (places->count > cmd->places_max)
    return args_refuse(cmd, "\"%s\" is one word too many", places->items[cmd->places_max]);
  return EXIT_OK;
}

bool args_parse(const command *cmd, int argc, char **argv, void *options, int *exit_code) {
  arg_list *places = (arg_list *)(void *)((char *)options + cmd->places_offset);
  bool only_places = false;
  int code = EXIT_OK;
  for (int at = 0; at < argc && code == EXIT_OK; at++) {
    const char *word = argv[at];
    if (!only_places && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
      args_help(cmd);
      *exit_code = EXIT_OK;
      return false;
    }
    if (!only_places && strcmp(word, "--") == 0)
      only_places = true;
    else if (only_places || word[0] != '-' || !word[1])
      code = list_add(places, word) ? EXIT_OK : args_refuse(cmd, "no memory");
    else
      code = take_option(cmd, argc, argv, &at, options);
  }
  *exit_code = code == EXIT_OK ? check_places(cmd, places) : code;
  return *exit_code == EXIT_OK;
}

void args_free(const command *cmd, void *options) {
  for (const arg_spec *spec = cmd->specs; spec->name; spec++)
    if (spec->kind == ARG_LIST)
      free(((arg_list *)(void *)((char *)options + spec->offset))->items);
  free(((arg_list *)(void *)((char *)options + cmd->places_offset))->items);
}
