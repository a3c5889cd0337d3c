// Special functions of mathematics in float64: gamma and zeta, error function, Bessel, orthogonal polynomials.
// Formulas: Abramowitz and Stegun, chapters 5, 6, 7, 9, 10, 22, 23 (named AS below). Knows no tensor. Tests:
// tests/unit/test_ops_aten.c
#include "ops/aten_math.h"

static const double pi = 3.141592653589793;

// ------------------------------------------------------------------------------------------------ rounding

double mote_special_floor_divide(double x, double y) {
  if (y == 0)
    return x / y;
  double mod = fmod(x, y), q = (x - mod) / y;
  if (mod != 0 && (y < 0) != (mod < 0))
    q -= 1;
  if (q == 0)
    return copysign(0, x / y);
  double f = floor(q);
  return q - f > 0.5 ? f + 1 : f;
}
double mote_special_remainder(double x, double y) {
  double m = fmod(x, y);
  return m != 0 && (m < 0) != (y < 0) ? m + y : m;
}
double mote_special_round(double x, int decimals) {
  double ten = pow(10, fabs((double)decimals));
  return decimals < 0 ? rint(x / ten) * ten : rint(x * ten) / ten;
}
double mote_special_nextafter(int32_t dtype, double x, double y) {
  if (dtype == MOTE_F64)
    return nextafter(x, y);
  if (dtype == MOTE_F32)
    return nextafterf((float)x, (float)y);
  if (x != x || y != y)
    return x + y;
  if (x == y)
    return y;
  bool bf = dtype == MOTE_BF16;
  uint16_t h = bf ? mote_f32_to_bf16((float)x) : mote_f32_to_f16((float)x);
  if (x == 0)
    h = y > 0 ? 1 : 0x8001;
  else
    h = (uint16_t)((y > x) == (x > 0) ? h + 1 : h - 1);
  return bf ? mote_bf16_to_f32(h) : mote_f16_to_f32(h);
}
double mote_special_logaddexp(double x, double y) {
  if (isinf(x) && x == y)
    return x;
  double top = fmax(x, y);
  return x != x || y != y ? x + y : top + log1p(exp(-fabs(x - y)));
}
double mote_special_logit(double x, double eps) {
  if (eps >= 0)
    x = x < eps ? eps : x > 1 - eps ? 1 - eps : x;
  return log(x / (1 - x));
}

// ------------------------------------------------------------------------------------------------ gamma

// Without lgamma's writable sign: reflection (AS 6.1.17) and Stirling's series (AS 6.1.41) after shifting up.
double mote_special_lgamma(double x) {
  if (x != x || isinf(x))
    return x * x;
  if (x <= 0 && x == floor(x))
    return HUGE_VAL;
  if (x < 0.5)
    return log(pi / fabs(sin(pi * x))) - mote_special_lgamma(1 - x);
  if (x == 1 || x == 2)
    return 0;
  double shift = 1;
  for (; x < 12; x++)
    shift *= x;
  double r = 1 / x, r2 = r * r;
  double series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 / 1188))));
  return (x - 0.5) * log(x) - x + 0.9189385332046727 + series - log(shift); // log(2 pi)/2
}
// AS 6.3.7, 6.3.18
double mote_special_digamma(double x) {
  if (x == 0)
    return copysign(HUGE_VAL, -x);
  if (x < 0 && x == floor(x))
    return NAN;
  double sum = 0;
  if (x < 0) {
    double part = x - floor(x);
    sum = -pi / tan(pi * part);
    x = 1 - x;
  }
  for (; x < 10; x++)
    sum -= 1 / x;
  double r2 = 1 / (x * x);
  return sum + log(x) - 0.5 / x - r2 * (1.0 / 12 - r2 * (1.0 / 120 - r2 * (1.0 / 252 - r2 * (1.0 / 240 - r2 / 132))));
}
// Hurwitz' zeta function by Euler and Maclaurin (AS 23.2.9 with an offset).
double mote_special_zeta(double x, double q) {
  static const double coefficient[] = {12.0,
                                       -720.0,
                                       30240.0,
                                       -1209600.0,
                                       47900160.0,
                                       -1.8924375803183791606e9,
                                       7.47242496e10,
                                       -2.950130727918164224e12,
                                       1.1646782814350067249e14,
                                       -4.5979787224074726105e15,
                                       1.8152105401943546773e17,
                                       -7.1661652561756670113e18};
  if (x == 1)
    return HUGE_VAL;
  if (x < 1 || x != x || q != q)
    return NAN;
  if (q <= 0 && q == floor(q))
    return HUGE_VAL;
  if (q <= 0 && x != floor(x))
    return NAN;
  double sum = pow(q, -x), a = q, b = 0;
  for (int i = 0; i < 9 || a <= 9; i++) {
    a += 1;
    b = pow(a, -x);
    sum += b;
    if (fabs(b) < 1e-17 * fabs(sum))
      return sum;
  }
  sum += b * a / (x - 1) - 0.5 * b;
  double factor = 1, k = 0;
  for (size_t i = 0; i < MOTE_COUNT(coefficient); i++) {
    factor *= x + k;
    b /= a;
    double term = factor * b / coefficient[i];
    sum += term;
    if (fabs(term) < 1e-17 * fabs(sum))
      break;
    k += 1;
    factor *= x + k;
    b /= a;
    k += 1;
  }
  return sum;
}
double mote_special_polygamma(int n, double x) {
  if (n == 0)
    return mote_special_digamma(x);
  double factorial = exp(mote_special_lgamma(n + 1.0));
  return (n % 2 ? 1 : -1) * rint(factorial) * mote_special_zeta(n + 1.0, x);
}
double mote_special_mvlgamma(double x, int p) {
  double sum = p * (p - 1) / 4.0 * log(pi);
  for (int i = 0; i < p; i++)
    sum += mote_special_lgamma(x - i / 2.0);
  return sum;
}
// Series (AS 6.5.29) below a + 1, continued fraction (AS 6.5.31, Lentz) above.
double mote_special_igamma(double a, double x, bool upper) {
  if (x != x || a != a || x < 0 || a < 0)
    return NAN;
  if (a == 0)
    return x > 0 ? (upper ? 0 : 1) : NAN;
  if (x == 0)
    return upper ? 1 : 0;
  if (isinf(a))
    return isinf(x) ? NAN : upper ? 1 : 0;
  if (isinf(x))
    return upper ? 0 : 1;
  double front = exp(a * log(x) - x - mote_special_lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (int n = 1; n < 2000 && fabs(term) > 1e-17 * fabs(sum); n++) {
      term *= x / (a + n);
      sum += term;
    }
    return upper ? 1 - front * sum : front * sum;
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int i = 1; i < 2000; i++) {
    double an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    double step = d * c;
    h *= step;
    if (fabs(step - 1) < 1e-16)
      break;
  }
  return upper ? front * h : 1 - front * h;
}

// ------------------------------------------------------------------------------------------------ error function

// exp(x^2) erfc(x): asymptotic where the product loses digits (AS 7.1.23).
double mote_special_erfcx(double x) {
  if (x < 10)
    return x < -26.7 ? HUGE_VAL : exp(x * x) * erfc(x);
  double t = 1 / (2 * x * x), sum = 1, term = 1;
  for (int i = 1; i < 10; i++) {
    term *= -(2 * i - 1) * t;
    sum += term;
  }
  return sum / (x * 1.772453850905516); // sqrt(pi)
}
// A rational start, then Newton's steps on erf.
double mote_special_erfinv(double y) {
  if (!(fabs(y) < 1))
    return fabs(y) == 1 ? copysign(HUGE_VAL, y) : NAN;
  double w = log((1 - y) * (1 + y)), k = 2 / (pi * 0.147) + w / 2;
  double x = copysign(sqrt(sqrt(k * k - w / 0.147) - k), y);
  for (int i = 0; i < 4; i++) {
    double err = y > 0.5 ? (1 - y) - erfc(x) : y < -0.5 ? erfc(-x) - (1 + y) : erf(x) - y;
    x -= err / (1.1283791670955126 * exp(-x * x)); // 2/sqrt(pi)
  }
  return x;
}
double mote_special_log_ndtr(double x) {
  double t = x * 0.7071067811865476;
  return x < -1 ? log(mote_special_erfcx(-t) / 2) - t * t : log1p(-erfc(t) / 2);
}

// ------------------------------------------------------------------------------------------------ Bessel

// Mean of a periodic function by the trapezoid rule: converges geometrically. order n of I_n (AS 9.6.19).
static double cosine_mean(double x, int order, double scale) {
  int n = 64 + (int)(sqrt(fabs(x)) * 24);
  double sum = 0;
  for (int i = 0; i <= n; i++) {
    double t = pi * i / n, w = i == 0 || i == n ? 0.5 : 1;
    sum += w * exp(x * cos(t) - scale) * cos(order * t);
  }
  return sum / n;
}
double mote_special_in(double x, int order, bool scaled) {
  if (x != x || isinf(x))
    return isinf(x) ? (scaled ? 0 : order % 2 && x < 0 ? -HUGE_VAL : HUGE_VAL) : x;
  double a = fabs(x), v;
  if (a < 700 || scaled)
    v = cosine_mean(a, order, a < 700 && !scaled ? 0 : a);
  else
    v = cosine_mean(a, order, a) * exp(a);
  return order % 2 && x < 0 ? -v : v;
}
// K_n(x) = integral of exp(-x cosh t) cosh(n t) (AS 9.6.24); the integrand falls doubly exponentially.
double mote_special_kn(double x, int order, bool scaled) {
  if (x == 0)
    return HUGE_VAL;
  if (!(x > 0))
    return NAN;
  double sum = 0, h = 1.0 / 64;
  for (int i = 0; i < 64 * 40; i++) {
    double t = i * h, e = x * (cosh(t) - 1);
    if (e > 745)
      break;
    sum += (i == 0 ? 0.5 : 1) * exp(-e) * cosh(order * t);
  }
  return sum * h * (scaled ? 1 : exp(-x));
}
// Hankel's asymptotic series (AS 9.2.5, 9.2.6).
static double bessel_far(double x, int order, bool second) {
  double mu = 4.0 * order * order, p = 0, q = 0, term = 1;
  for (int k = 0; k < 24; k++) {
    double sign = (k / 2) % 2 ? -1 : 1;
    *(k % 2 ? &q : &p) += sign * term;
    double odd = 2 * k + 1;
    term *= (mu - odd * odd) / ((k + 1) * 8 * x);
  }
  double phase = x - order * pi / 2 - pi / 4, front = sqrt(2 / (pi * x));
  return second ? front * (p * sin(phase) + q * cos(phase)) : front * (p * cos(phase) - q * sin(phase));
}
// J_0 .. by Miller's backward recurrence (AS 9.12), Y by Neumann's series (AS 9.1.88).
static double bessel_near(double x, int order, bool second) {
  enum { TOP = 90 };
  double j[TOP + 2] = {0}, norm = 0, sum = 0;
  j[TOP] = 1e-300;
  for (int k = TOP; k > 0; k--) {
    j[k - 1] = 2 * k / x * j[k] - j[k + 1];
    bool large = fabs(j[k - 1]) > 1e200;
    for (int i = k - 1; large && i <= TOP; i++)
      j[i] *= 1e-200;
  }
  for (int k = 2; k <= TOP; k += 2)
    norm += 2 * j[k];
  norm += j[0];
  if (!second)
    return j[order] / norm;
  double euler = 0.5772156649015329, front = 2 / pi * (log(x / 2) + euler - order) * j[order] / norm;
  for (int k = 1; 2 * k + order <= TOP; k++)
    sum += (k % 2 ? -1 : 1) * (2.0 * k + order) / (k * (double)(k + order)) * j[2 * k + order] / norm;
  return front - 2 / pi * sum - (order ? 2 / (pi * x) * j[0] / norm : 0);
}
double mote_special_bessel(double x, int order, bool second) {
  double a = fabs(x);
  if (x != x || (second && x < 0))
    return NAN;
  if (x == 0)
    return second ? -HUGE_VAL : order == 0;
  if (isinf(x))
    return 0;
  double v = a < 1e-4 && !second ? (order ? a / 2 : 1 - a * a / 4)
             : a > 25            ? bessel_far(a, order, second)
                                 : bessel_near(a, order, second);
  return order && x < 0 ? -v : v;
}

// Airy's function: Maclaurin series (AS 10.4.2) near 0, asymptotic series (AS 10.4.59, 10.4.60) far away.
static double airy_series(double x) {
  double f = 1, g = x, tf = 1, tg = x, x3 = x * x * x;
  for (int k = 1; k < 200; k++) {
    tf *= x3 / ((3.0 * k - 1) * (3.0 * k));
    tg *= x3 / ((3.0 * k) * (3.0 * k + 1));
    f += tf;
    g += tg;
  }
  return 0.3550280538878172 * f - 0.2588194037928068 * g;
}
double mote_special_airy(double x) {
  if (x != x || isinf(x))
    return x != x ? x : 0;
  if (x > -7 && x < 5)
    return airy_series(x);
  double z = 2.0 / 3 * fabs(x) * sqrt(fabs(x)), u = 1, even = 0, odd = 0, sum = 0;
  for (int k = 0; k < 12; k++) {
    sum += k % 2 ? -u : u;
    double sign = (k / 2) % 2 ? -1 : 1;
    *(k % 2 ? &odd : &even) += sign * u;
    u *= (6.0 * k + 5) * (6.0 * k + 3) * (6.0 * k + 1) / (216.0 * (k + 1) * (2.0 * k + 1)) / z;
  }
  double root = sqrt(sqrt(fabs(x))) * 1.772453850905516; // sqrt(pi)
  if (x > 0)
    return exp(-z) / (2 * root) * sum;
  double phase = z + pi / 4;
  return (sin(phase) * even - cos(phase) * odd) / root;
}

// ------------------------------------------------------------------------------------------------ polynomials

// p[k+1] from p[k] and p[k-1] (AS 22.7).
static double next_term(char kind, int64_t k, double x, double p, double q) {
  double n = (double)k;
  switch (kind) {
  case 'h':
    return 2 * x * p - 2 * n * q;
  case 'e':
    return x * p - n * q;
  case 'l':
    return ((2 * n + 1 - x) * p - n * q) / (n + 1);
  case 'p':
    return ((2 * n + 1) * x * p - n * q) / (n + 1);
  default:
    return 2 * x * p - q;
  }
}
static double first_term(char kind, double x) {
  switch (kind) {
  case 'u':
  case 'h':
    return 2 * x;
  case 'v':
    return 2 * x - 1;
  case 'w':
    return 2 * x + 1;
  case 'l':
    return 1 - x;
  default:
    return x;
  }
}
double mote_special_polynomial(char kind, double x, double degree) {
  int64_t n = degree > -1 && degree < 1e6 ? (int64_t)degree : -1; // cut towards 0
  if (degree != degree || x != x)
    return NAN;
  if (n < 0)
    return 0;
  double q = 1, p = first_term(kind, x);
  if (n == 0)
    return 1;
  for (int64_t k = 1; k < n; k++) {
    double next = next_term(kind, k, x, p, q);
    q = p;
    p = next;
  }
  return p;
}
