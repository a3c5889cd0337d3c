// Liveness of registers, so that a value dies where it is used last: LOAD becomes MOVE there, a store that nobody reads
// becomes DROP, a register that only the other branch needs is cleared, a store read once at once goes with its load.
// Unreachable code goes too. Works on a function's code before the verifier sees it. Tests: tests/script/test_compile.c
#include "script/front.h"

#include <string.h>

#include "base/fail.h"

#define MAX_BITS ((size_t)1 << 27) // blocks x registers; beyond it (three sets of 16 MiB) the code stays as it is
#define MAX_ROUNDS 64              // of the fixpoint: loops nest less deeply than that

typedef struct block {
  uint32_t from, to;        // instructions [from, to)
  uint32_t next[2], n_next; // blocks that may follow
  uint32_t at;              // first instruction in the new code
  bool reachable;
} block;

typedef struct flow {
  mote_emit *e;
  uint32_t *block_of; // [n_code]
  block *blocks;
  uint32_t n_blocks;
  size_t words;       // of a register set
  uint64_t *in, *out; // registers alive before and after each block
  uint64_t *held;     // registers that some way into the block still holds
  uint64_t *scratch;
  MOTE_VEC(mote_insn) code;
  MOTE_VEC(mote_insn_place) places;
} flow;

static bool has(const uint64_t *set, uint32_t reg) { return set[reg / 64] >> (reg % 64) & 1; }
static void put(uint64_t *set, uint32_t reg) { set[reg / 64] |= (uint64_t)1 << (reg % 64); }
static void take(uint64_t *set, uint32_t reg) { set[reg / 64] &= ~((uint64_t)1 << (reg % 64)); }

static bool is_jump(uint16_t op) { return op == MOTE_OPC_JMP || op == MOTE_OPC_JF || op == MOTE_OPC_LOOP; }
static bool is_end(uint16_t op) { return op == MOTE_OPC_RET || op == MOTE_OPC_RAISE_EXCEPTION; }

// ---------------------------------------------------------------------------------------------------- blocks

static void mark_leaders(flow *f, uint8_t *leader) {
  size_t n = f->e->code.len;
  leader[0] = 1;
  for (size_t i = 0; i < n; i++) {
    const mote_insn *insn = &f->e->code.at[i];
    if (is_jump(insn->op))
      leader[i + (size_t)(ptrdiff_t)insn->x] = 1;
    if ((is_jump(insn->op) || is_end(insn->op)) && i + 1 < n)
      leader[i + 1] = 1;
  }
}

static void link_blocks(flow *f) {
  size_t n = f->e->code.len;
  for (uint32_t b = 0; b < f->n_blocks; b++) {
    block *k = &f->blocks[b];
    const mote_insn *last = &f->e->code.at[k->to - 1];
    if (is_jump(last->op))
      k->next[k->n_next++] = f->block_of[(size_t)(k->to - 1) + (size_t)(ptrdiff_t)last->x];
    if (last->op != MOTE_OPC_JMP && !is_end(last->op) && k->to < n)
      k->next[k->n_next++] = b + 1;
  }
}

static mote_status find_blocks(flow *f) {
  const mote_allocator *al = f->e->al;
  size_t n = f->e->code.len;
  uint8_t *leader = mote_alloc_array(al, n + 1, 1);
  f->block_of = mote_alloc_array(al, n + 1, sizeof *f->block_of);
  if (leader == NULL || f->block_of == NULL) {
    mote_free(al, leader);
    return mote_fail_nomem(f->e->err);
  }
  mark_leaders(f, leader);
  for (size_t i = 0; i < n; i++)
    f->n_blocks += leader[i];
  f->blocks = mote_alloc_array(al, f->n_blocks + 1, sizeof *f->blocks);
  if (f->blocks != NULL) {
    uint32_t b = 0;
    for (size_t i = 0; i < n; i++) {
      if (leader[i]) {
        f->blocks[b].from = (uint32_t)i;
        b++;
      }
      f->block_of[i] = b - 1;
      f->blocks[b - 1].to = (uint32_t)i + 1;
    }
    link_blocks(f);
  }
  mote_free(al, leader);
  return f->blocks ? MOTE_OK : mote_fail_nomem(f->e->err);
}

static mote_status find_reachable(flow *f) {
  uint32_t *stack = mote_alloc_array(f->e->al, (size_t)f->n_blocks + 1, sizeof *stack);
  if (stack == NULL)
    return mote_fail_nomem(f->e->err);
  size_t n = 0;
  f->blocks[0].reachable = true;
  stack[n++] = 0;
  while (n > 0) {
    const block *k = &f->blocks[stack[--n]];
    for (uint32_t i = 0; i < k->n_next; i++)
      if (!f->blocks[k->next[i]].reachable) {
        f->blocks[k->next[i]].reachable = true;
        stack[n++] = k->next[i]; // each block once, so the stack suffices
      }
  }
  mote_free(f->e->al, stack);
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- liveness

// One instruction backwards. LOAD reads a register, stores end its life above.
static void step_back(const mote_insn *insn, uint64_t *live) {
  if (insn->op == MOTE_OPC_LOAD || insn->op == MOTE_OPC_MOVE)
    put(live, (uint32_t)insn->x);
  else if (insn->op == MOTE_OPC_STORE)
    take(live, (uint32_t)insn->x);
  else if (insn->op == MOTE_OPC_STOREN)
    for (uint32_t i = 0; i < insn->n; i++)
      take(live, (uint32_t)insn->x + i);
}

static bool update_block(flow *f, uint32_t b) {
  const block *k = &f->blocks[b];
  uint64_t *out = f->out + b * f->words, *in = f->in + b * f->words;
  for (uint32_t i = 0; i < k->n_next; i++)
    for (size_t w = 0; w < f->words; w++)
      out[w] |= f->in[k->next[i] * f->words + w];
  memcpy(f->scratch, out, f->words * sizeof *out);
  for (uint32_t i = k->to; i-- > k->from;)
    step_back(&f->e->code.at[i], f->scratch);
  bool changed = memcmp(f->scratch, in, f->words * sizeof *in) != 0;
  memcpy(in, f->scratch, f->words * sizeof *in);
  return changed;
}

// False when it did not settle: then nothing may be concluded.
static bool find_live(flow *f) {
  for (int round = 0; round < MAX_ROUNDS; round++) {
    bool changed = false;
    for (uint32_t b = f->n_blocks; b-- > 0;)
      if (f->blocks[b].reachable)
        changed |= update_block(f, b);
    if (!changed)
      return true;
  }
  return false;
}

// ---------------------------------------------------------------------------------------------------- rewriting

static mote_status append(flow *f, mote_insn insn, uint32_t old) {
  MOTE_TRY(MOTE_VEC_PUSH(f->e->al, &f->code, insn, f->e->err));
  return MOTE_VEC_PUSH(f->e->al, &f->places, f->e->places.at[old], f->e->err);
}

static mote_status clear_registers(flow *f, const uint64_t *set, uint32_t old) {
  for (size_t w = 0; w < f->words; w++)
    for (uint64_t bits = set[w]; bits != 0; bits &= bits - 1) {
      uint32_t bit = 0;
      while (!(bits >> bit & 1))
        bit++;
      mote_insn insn = {MOTE_OPC_DROPR, 0, (int32_t)(w * 64 + bit)};
      MOTE_TRY(append(f, insn, old));
    }
  return MOTE_OK;
}

static void find_held(flow *f) {
  for (uint32_t b = 0; b < f->n_blocks; b++) {
    const block *k = &f->blocks[b];
    for (uint32_t i = 0; k->reachable && i < k->n_next; i++)
      for (size_t w = 0; w < f->words; w++)
        f->held[k->next[i] * f->words + w] |= f->out[b * f->words + w];
  }
}

// Marks in place, from the end: what becomes MOVE or DROP.
static void mark_last_uses(flow *f, const block *k, uint64_t *live) {
  for (uint32_t i = k->to; i-- > k->from;) {
    mote_insn *insn = &f->e->code.at[i];
    if (insn->op == MOTE_OPC_LOAD && !has(live, (uint32_t)insn->x))
      insn->op = MOTE_OPC_MOVE;
    else if (insn->op == MOTE_OPC_STORE && !has(live, (uint32_t)insn->x))
      *insn = (mote_insn){MOTE_OPC_DROP, 0, 0};
    step_back(insn, live);
  }
}

static mote_status clear_unused_params(flow *f, const mote_insn *insn, const uint64_t *live, uint32_t old) {
  for (uint32_t i = 0; i < insn->n; i++)
    if (!has(live, (uint32_t)insn->x + i)) {
      mote_insn drop = {MOTE_OPC_DROPR, 0, insn->x + (int32_t)i};
      MOTE_TRY(append(f, drop, old));
    }
  return MOTE_OK;
}

// Registers read between here and the end of the block or after it: enough to know which parameters are unused.
static void live_after(flow *f, const block *k, uint32_t b, uint32_t index, uint64_t *live) {
  memcpy(live, f->out + b * f->words, f->words * sizeof *live);
  for (uint32_t i = k->to; i-- > index + 1;)
    step_back(&f->e->code.at[i], live);
}

static mote_status rewrite_block(flow *f, uint32_t b) {
  block *k = &f->blocks[b];
  k->at = (uint32_t)f->code.len;
  for (size_t w = 0; w < f->words; w++) // held on the way here, and nothing from here on reads it
    f->scratch[w] = f->held[b * f->words + w] & ~f->in[b * f->words + w];
  MOTE_TRY(clear_registers(f, f->scratch, k->from));
  memcpy(f->scratch, f->out + b * f->words, f->words * sizeof *f->scratch);
  mark_last_uses(f, k, f->scratch);
  size_t first = f->code.len;
  for (uint32_t i = k->from; i < k->to; i++) {
    mote_insn insn = f->e->code.at[i];
    mote_insn *last = f->code.len > first ? &f->code.at[f->code.len - 1] : NULL;
    bool taken = insn.op == MOTE_OPC_MOVE && last && last->op == MOTE_OPC_STORE && last->x == insn.x;
    bool forgotten = insn.op == MOTE_OPC_DROP && last &&
                     (last->op == MOTE_OPC_LOADC || last->op == MOTE_OPC_LOAD || last->op == MOTE_OPC_UN_INITIALIZED);
    if (taken || forgotten) {
      f->code.len--;
      f->places.len--;
      continue;
    }
    if (is_jump(insn.op))
      insn.x = (int32_t)f->block_of[(size_t)i + (size_t)(ptrdiff_t)insn.x]; // a block number until all have places
    MOTE_TRY(append(f, insn, i));
    if (insn.op == MOTE_OPC_STOREN) {
      live_after(f, k, b, i, f->scratch);
      MOTE_TRY(clear_unused_params(f, &insn, f->scratch, i));
    }
  }
  return MOTE_OK;
}

static mote_status rewrite(flow *f) {
  for (uint32_t b = 0; b < f->n_blocks; b++)
    if (f->blocks[b].reachable)
      MOTE_TRY(rewrite_block(f, b));
  for (size_t i = 0; i < f->code.len; i++)
    if (is_jump(f->code.at[i].op))
      f->code.at[i].x = (int32_t)((int64_t)f->blocks[f->code.at[i].x].at - (int64_t)i);
  mote_emit *e = f->e;
  MOTE_VEC_FREE(e->al, &e->code);
  MOTE_VEC_FREE(e->al, &e->places);
  memcpy(&e->code, &f->code, sizeof e->code);
  memcpy(&e->places, &f->places, sizeof e->places);
  memset(&f->code, 0, sizeof f->code);
  memset(&f->places, 0, sizeof f->places);
  return MOTE_OK;
}

static mote_status run(flow *f) {
  MOTE_TRY(find_blocks(f));
  MOTE_TRY(find_reachable(f));
  f->words = f->e->n_regs / 64 + 1;
  if ((size_t)f->n_blocks * f->words > MAX_BITS / 64)
    return MOTE_OK;
  const mote_allocator *al = f->e->al;
  f->in = mote_alloc_array(al, (size_t)f->n_blocks * f->words, sizeof *f->in);
  f->out = mote_alloc_array(al, (size_t)f->n_blocks * f->words, sizeof *f->out);
  f->held = mote_alloc_array(al, (size_t)f->n_blocks * f->words, sizeof *f->held);
  f->scratch = mote_alloc_array(al, f->words, sizeof *f->scratch);
  if (f->in == NULL || f->out == NULL || f->held == NULL || f->scratch == NULL)
    return mote_fail_nomem(f->e->err);
  if (!find_live(f))
    return MOTE_OK;
  find_held(f);
  return rewrite(f);
}

mote_status mote_emit_moves(mote_emit *e) {
  flow f = {.e = e};
  mote_status status = run(&f);
  mote_free(e->al, f.block_of);
  mote_free(e->al, f.blocks);
  mote_free(e->al, f.in);
  mote_free(e->al, f.out);
  mote_free(e->al, f.held);
  mote_free(e->al, f.scratch);
  MOTE_VEC_FREE(e->al, &f.code);
  MOTE_VEC_FREE(e->al, &f.places);
  return status;
}
