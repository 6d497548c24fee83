;; What a loan costs each month: sum * rate * growth / (growth - 1), where growth is
;; (1 + rate) ^ months, and rate the interest of one month. Without interest: sum / months.
(module
  (func (export "payment")
        (param $sum f64) (param $months i32) (param $rate f64) (result f64)
    (local $growth f64) (local $left i32)
    (if (f64.eq (local.get $rate) (f64.const 0))
      (then
        (return (f64.div (local.get $sum) (f64.convert_i32_u (local.get $months))))))
    (local.set $growth (f64.const 1))
    (local.set $left (local.get $months))
    (loop $month
      (local.set $growth
        (f64.mul (local.get $growth) (f64.add (local.get $rate) (f64.const 1))))
      (br_if $month
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (f64.div
      (f64.mul (f64.mul (local.get $sum) (local.get $rate)) (local.get $growth))
      (f64.sub (local.get $growth) (f64.const 1)))))
