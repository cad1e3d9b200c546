;; MessagePack entries to JSON lines, 16 bytes at a time: docs/decisions/webassembly.md says why, and
;; json-lines-engine.ts how it is called. What it does not know, JavaScript does: one value by the
;; imports, or a whole entry after the status SLOW. The entries have been validated.
;;
;; Memory, 256 KiB, whose parts json-lines-engine.ts names, too:
;;   0x0000  what a call returns: position in the input, position in the output, end of a value, and
;;           the size of the text after a record
;;   0x0100  "00" to "99"                         0x0200  what follows a backslash, by control character
;;   0x0220  hexadecimal digits                   0x0400  stack: values left and kind of each container
;;   0x1000  text before each record              0x2000  text after each record
;;   0x2800  names of fields that may not be in a record, each with its size before it, to a size of 0
;;   0x4000  input, 64 KiB and some slack         0x14100 output, to the end
(module
  ;; Behind 0x3ff00 nobody may begin to write a value: a short one and what stands around it fit. What is
  ;; wanted for every value is written out: a call costs more than it does.
  (import "js" "head" (func $head (param $entry i32) (result i32)))
  (import "js" "key" (func $key (param $pos i32) (param $out i32) (result i32)))
  (import "js" "other" (func $other (param $pos i32) (param $out i32) (result i32)))
  (import "js" "text" (func $text (param $pos i32) (param $stop i32) (param $out i32) (result i32)))
  (import "js" "float" (func $float (param $value f64) (param $out i32) (result i32)))
  (memory (export "memory") 4 4)

  (data (i32.const 0x0100)
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899")
  (data (i32.const 0x0208) "btn\00fr")
  (data (i32.const 0x0220) "0123456789abcdef")

  ;; Where the input ends.
  (global $end (mut i32) (i32.const 0))

  ;; Statuses of $json; FULL and CUT are also what a writer of a value returns in place of a position.
  (global $DONE i32 (i32.const 0))
  (global $FULL i32 (i32.const -1)) ;; no room in the output
  (global $CUT i32 (i32.const -2)) ;; the entry goes on behind the input
  (global $SLOW i32 (i32.const -3)) ;; JavaScript has to write this entry

  (func $u16 (param $at i32) (result i32)
    (i32.or
      (i32.shl (i32.load8_u (local.get $at)) (i32.const 8))
      (i32.load8_u offset=1 (local.get $at))))

  (func $u32 (param $at i32) (result i32)
    (i32.or
      (i32.shl (call $u16 (local.get $at)) (i32.const 16))
      (call $u16 (i32.add (local.get $at) (i32.const 2)))))

  (func $u64 (param $at i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (call $u32 (local.get $at))) (i64.const 32))
      (i64.extend_i32_u (call $u32 (i32.add (local.get $at) (i32.const 4))))))

  ;; Writes a string with its quotes.
  (func $string (param $pos i32) (param $size i32) (param $out i32) (result i32)
    (local $stop i32) (local $bytes v128) (local $mask i32) (local $left i32) (local $byte i32)
    (local.set $stop (i32.add (local.get $pos) (local.get $size)))
    (if (i32.gt_u (local.get $stop) (global.get $end)) (then (return (global.get $CUT))))
    (i32.store8 (local.get $out) (i32.const 34))
    (local.set $out (i32.add (local.get $out) (i32.const 1)))
    (loop $more
      (if (i32.gt_u (local.get $out) (i32.const 0x3ff00)) (then (return (global.get $FULL))))
      (local.set $bytes (v128.load (local.get $pos)))
      (v128.store (local.get $out) (local.get $bytes))
      (local.set $mask
        (i8x16.bitmask
          (v128.or
            (i8x16.lt_s (local.get $bytes) (v128.const i8x16 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32))
            (v128.or
              (i8x16.eq (local.get $bytes) (v128.const i8x16 34 34 34 34 34 34 34 34 34 34 34 34 34 34 34 34))
              (i8x16.eq (local.get $bytes) (v128.const i8x16 92 92 92 92 92 92 92 92 92 92 92 92 92 92 92 92))))))
      (local.set $left (i32.sub (local.get $stop) (local.get $pos)))
      (if (i32.lt_u (local.get $left) (i32.const 16))
        (then
          (local.set $mask
            (i32.and
              (local.get $mask)
              (i32.sub (i32.shl (i32.const 1) (local.get $left)) (i32.const 1))))
          (if (i32.eqz (local.get $mask))
            (then
              (local.set $out (i32.add (local.get $out) (local.get $left)))
              (i32.store8 (local.get $out) (i32.const 34))
              (return (i32.add (local.get $out) (i32.const 1)))))))
      (if (i32.eqz (local.get $mask))
        (then
          (local.set $pos (i32.add (local.get $pos) (i32.const 16)))
          (local.set $out (i32.add (local.get $out) (i32.const 16)))
          (br $more)))
      (local.set $left (i32.ctz (local.get $mask)))
      (local.set $pos (i32.add (local.get $pos) (local.get $left)))
      (local.set $out (i32.add (local.get $out) (local.get $left)))
      (local.set $byte (i32.load8_u (local.get $pos)))
      (if (i32.ge_u (local.get $byte) (i32.const 0x80))
        (then (return (call $text (local.get $pos) (local.get $stop) (local.get $out)))))
      (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
      (i32.store8 (local.get $out) (i32.const 92))
      (if (i32.lt_u (local.get $byte) (i32.const 32))
        (then
          (local.set $left (i32.load8_u offset=0x0200 (local.get $byte)))
          (if (i32.eqz (local.get $left))
            (then
              (i32.store (local.get $out) (i32.const 0x3030755c)) ;; \u00
              (i32.store8 offset=4
                (local.get $out)
                (i32.load8_u offset=0x0220 (i32.shr_u (local.get $byte) (i32.const 4))))
              (i32.store8 offset=5
                (local.get $out)
                (i32.load8_u offset=0x0220 (i32.and (local.get $byte) (i32.const 15))))
              (local.set $out (i32.add (local.get $out) (i32.const 6)))
              (br $more)))
          (local.set $byte (local.get $left))))
      (i32.store8 offset=1 (local.get $out) (local.get $byte))
      (local.set $out (i32.add (local.get $out) (i32.const 2)))
      (br $more))
    (unreachable))

  (func $pair (param $out i32) (param $value i32)
    (i32.store16
      (local.get $out)
      (i32.load16_u offset=0x0100 (i32.shl (local.get $value) (i32.const 1)))))

  (func $uint (param $value i32) (param $out i32) (result i32)
    (local $at i32) (local $end i32) (local $rest i32)
    (if (i32.lt_u (local.get $value) (i32.const 10))
      (then
        (i32.store8 (local.get $out) (i32.add (local.get $value) (i32.const 48)))
        (return (i32.add (local.get $out) (i32.const 1)))))
    (local.set $end
(i32.add
(i32.add
(i32.add
(i32.add
(i32.add
(i32.add
(i32.add
(i32.add
(i32.add (local.get $out) (i32.const 2))
(i32.ge_u (local.get $value) (i32.const 100)))
(i32.ge_u (local.get $value) (i32.const 1000)))
(i32.ge_u (local.get $value) (i32.const 10000)))
(i32.ge_u (local.get $value) (i32.const 100000)))
(i32.ge_u (local.get $value) (i32.const 1000000)))
(i32.ge_u (local.get $value) (i32.const 10000000)))
(i32.ge_u (local.get $value) (i32.const 100000000)))
(i32.ge_u (local.get $value) (i32.const 1000000000))))
    (local.set $at (local.get $end))
    (block $last
      (loop $two
        (br_if $last (i32.lt_u (local.get $value) (i32.const 100)))
        (local.set $rest (i32.div_u (local.get $value) (i32.const 100)))
        (local.set $at (i32.sub (local.get $at) (i32.const 2)))
        (call $pair
          (local.get $at)
          (i32.sub (local.get $value) (i32.mul (local.get $rest) (i32.const 100))))
        (local.set $value (local.get $rest))
        (br $two)))
    (if (i32.lt_u (local.get $value) (i32.const 10))
      (then
        (i32.store8
          (i32.sub (local.get $at) (i32.const 1))
          (i32.add (local.get $value) (i32.const 48))))
      (else (call $pair (i32.sub (local.get $at) (i32.const 2)) (local.get $value))))
    (local.get $end))

  (func $int (param $value i32) (param $out i32) (result i32)
    (if (i32.lt_s (local.get $value) (i32.const 0))
      (then
        (i32.store8 (local.get $out) (i32.const 45))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (local.set $value (i32.sub (i32.const 0) (local.get $value)))))
    (call $uint (local.get $value) (local.get $out)))

  (func $uint64 (param $value i64) (param $out i32) (result i32)
    (local $low i32) (local $at i32)
    (if (i64.lt_u (local.get $value) (i64.const 0x100000000))
      (then (return (call $uint (i32.wrap_i64 (local.get $value)) (local.get $out)))))
    ;; Nine digits at the end, and before them the same once more.
    (local.set $low (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 1000000000))))
    (local.set $out
      (call $uint64 (i64.div_u (local.get $value) (i64.const 1000000000)) (local.get $out)))
    (local.set $at (i32.add (local.get $out) (i32.const 9)))
    (loop $two
      (local.set $at (i32.sub (local.get $at) (i32.const 2)))
      (call $pair (local.get $at) (i32.rem_u (local.get $low) (i32.const 100)))
      (local.set $low (i32.div_u (local.get $low) (i32.const 100)))
      (br_if $two (i32.gt_u (local.get $at) (i32.add (local.get $out) (i32.const 1)))))
    (i32.store8 (local.get $out) (i32.add (local.get $low) (i32.const 48)))
    (i32.add (local.get $out) (i32.const 9)))

  (func $int64 (param $value i64) (param $out i32) (result i32)
    (if (i64.lt_s (local.get $value) (i64.const 0))
      (then
        (i32.store8 (local.get $out) (i32.const 45))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (local.set $value (i64.sub (i64.const 0) (local.get $value)))))
    (call $uint64 (local.get $value) (local.get $out)))

  ;; Copies text of up to 4 KiB; up to 15 bytes behind it are overwritten.
  (func $copy (param $from i32) (param $to i32) (param $size i32)
    (local $stop i32)
    (local.set $stop (i32.add (local.get $to) (local.get $size)))
    (loop $more
      (v128.store (local.get $to) (v128.load (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $more (i32.lt_u (local.get $to) (local.get $stop)))))

  ;; Whether a name is one of those that may not be in a record.
  (func $isKnown (param $pos i32) (param $size i32) (result i32)
    (local $name i32) (local $at i32)
    (local.set $name (i32.const 0x2800))
    (loop $next
      (block $other
        (br_if $other (i32.ne (i32.load8_u (local.get $name)) (local.get $size)))
        (local.set $at (i32.const 0))
        (loop $more
          (br_if $other
            (i32.ne
              (i32.load8_u (i32.add (local.get $pos) (local.get $at)))
              (i32.load8_u offset=1 (i32.add (local.get $name) (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $at) (local.get $size))))
        (return (i32.const 1)))
      (local.set $name
        (i32.add
          (i32.add (local.get $name) (i32.load8_u (local.get $name)))
          (i32.const 1)))
      (br_if $next (i32.load8_u (local.get $name))))
    (i32.const 0))

  ;; Writes what is a value of its own but for short strings and containers, at $pos.
  ;; Returns the position in the output; that in the input is stored at 8.
  (func $scalar (param $pos i32) (param $out i32) (result i32)
    (local $first i32) (local $size i32)
    (local.set $first (i32.load8_u (local.get $pos)))
    (if (i32.ge_u (local.get $first) (i32.const 0xe0))
      (then
        (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 1)))
        (return (call $int (i32.sub (local.get $first) (i32.const 0x100)) (local.get $out)))))
    (block $rest
      (block $str32
        (block $str16
          (block $str8
            (block $i64
              (block $i32
                (block $i16
                  (block $i8
                    (block $u64
                      (block $u32
                        (block $u16
                          (block $u8
                            (block $f64
                              (block $f32
                                (block $true
                                  (block $false
                                    (block $nil
                                      (br_table $nil $rest $false $true $rest $rest $rest $rest $rest
                                        $rest $f32 $f64 $u8 $u16 $u32 $u64 $i8 $i16 $i32 $i64 $rest
                                        $rest $rest $rest $rest $str8 $str16 $str32 $rest
                                        (i32.sub (local.get $first) (i32.const 0xc0))))
                                    (i32.store (local.get $out) (i32.const 0x6c6c756e)) ;; null
                                    (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 1)))
                                    (return (i32.add (local.get $out) (i32.const 4))))
                                  (i32.store (local.get $out) (i32.const 0x736c6166)) ;; the first four of false
                                  (i32.store8 offset=4 (local.get $out) (i32.const 0x65))
                                  (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 1)))
                                  (return (i32.add (local.get $out) (i32.const 5))))
                                (i32.store (local.get $out) (i32.const 0x65757274)) ;; true
                                (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 1)))
                                (return (i32.add (local.get $out) (i32.const 4))))
                              (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 5)))
                              (return
                                (call $float
                                  (f64.promote_f32
                                    (f32.reinterpret_i32
                                      (call $u32 (i32.add (local.get $pos) (i32.const 1)))))
                                  (local.get $out))))
                            (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 9)))
                            (return
                              (call $float
                                (f64.reinterpret_i64
                                  (call $u64 (i32.add (local.get $pos) (i32.const 1))))
                                (local.get $out))))
                          (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 2)))
                          (return
                            (call $uint (i32.load8_u offset=1 (local.get $pos)) (local.get $out))))
                        (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 3)))
                        (return
                          (call $uint
                            (call $u16 (i32.add (local.get $pos) (i32.const 1)))
                            (local.get $out))))
                      (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 5)))
                      (return
                        (call $uint
                          (call $u32 (i32.add (local.get $pos) (i32.const 1)))
                          (local.get $out))))
                    (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 9)))
                    (return
                      (call $uint64
                        (call $u64 (i32.add (local.get $pos) (i32.const 1)))
                        (local.get $out))))
                  (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 2)))
                  (return (call $int (i32.load8_s offset=1 (local.get $pos)) (local.get $out))))
                (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 3)))
                (return
                  (call $int
                    (i32.extend16_s (call $u16 (i32.add (local.get $pos) (i32.const 1))))
                    (local.get $out))))
              (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 5)))
              (return
                (call $int (call $u32 (i32.add (local.get $pos) (i32.const 1))) (local.get $out))))
            (i32.store (i32.const 8) (i32.add (local.get $pos) (i32.const 9)))
            (return
              (call $int64 (call $u64 (i32.add (local.get $pos) (i32.const 1))) (local.get $out))))
          (local.set $size (i32.load8_u offset=1 (local.get $pos)))
          (return (call $long (i32.add (local.get $pos) (i32.const 2)) (local.get $size) (local.get $out))))
        (local.set $size (call $u16 (i32.add (local.get $pos) (i32.const 1))))
        (return (call $long (i32.add (local.get $pos) (i32.const 3)) (local.get $size) (local.get $out))))
      (local.set $size (call $u32 (i32.add (local.get $pos) (i32.const 1))))
      (return (call $long (i32.add (local.get $pos) (i32.const 5)) (local.get $size) (local.get $out))))
    (call $other (local.get $pos) (local.get $out)))

  ;; Writes a string that has a head of its own.
  (func $long (param $pos i32) (param $size i32) (param $out i32) (result i32)
    ;; The sum of both must not go beyond 32 bits.
    (if (i32.gt_u (local.get $size) (i32.const 0x10000)) (then (return (global.get $CUT))))
    (i32.store (i32.const 8) (i32.add (local.get $pos) (local.get $size)))
    (call $string (local.get $pos) (local.get $size) (local.get $out)))

  ;; Writes entries from $pos on, to the start of the output.
  ;;   $final     whether the last entry ends with the input
  ;;   $timed     whether the texts around a record depend on its time; they are asked for where that changes
  ;;   $headSize  the size of the text before where they do not
  ;;   $separate  whether the text before ends with a field
  ;;   $tailSize  the size of the text after each record where it does not depend on the time
  ;;   $names     where that begins with a comma and fields: a bit for each size of their names, else 0
  (func (export "json")
    (param $pos i32) (param $stop i32) (param $final i32) (param $timed i32) (param $headSize i32)
    (param $separate i32) (param $tailSize i32) (param $names i32) (result i32)
    (local $out i32) (local $limit i32) (local $entry i32) (local $line i32) (local $first i32)
    (local $meta i32) (local $last i64) (local $known i32) (local $left i32) (local $map i32)
    (local $stack i32) (local $comma i32) (local $size i32) (local $bytes v128) (local $status i32)
    (local $skip i32)
    (global.set $end (local.get $stop))
    ;; In the middle of a stream no head and no short string may be cut.
    (local.set $limit
      (select (local.get $stop) (i32.sub (local.get $stop) (i32.const 64)) (local.get $final)))
    (local.set $out (i32.const 0x14100))
    (block $end
      (loop $next_entry
        (local.set $entry (local.get $pos))
        (local.set $line (local.get $out))
        (if (i32.ge_s (local.get $pos) (local.get $limit))
          (then
            (local.set $status
              (select (global.get $DONE) (global.get $CUT) (i32.ge_s (local.get $pos) (local.get $stop))))
            (br $end)))
        (local.set $status (global.get $SLOW))
        (br_if $end (i32.ne (i32.load8_u (local.get $pos)) (i32.const 0x92)))
        (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
        (local.set $meta (i32.eq (i32.load8_u (local.get $pos)) (i32.const 0x92)))
        (local.set $pos (i32.add (local.get $pos) (local.get $meta)))
        (local.set $first (i32.load8_u (local.get $pos)))
        (local.set $size
          (select (i32.const 10) (i32.const 5) (i32.eq (local.get $first) (i32.const 0xd7))))
        (br_if $end
          (i32.and
            (i32.ne (local.get $first) (i32.const 0xd7))
            (i32.ne (local.get $first) (i32.const 0xce))))
        (if (local.get $timed)
          (then
            (if
              (i32.eqz
                (i32.and
                  (i32.and (local.get $known) (i32.eq (local.get $first) (i32.const 0xd7)))
                  (i64.eq (i64.load offset=2 (local.get $pos)) (local.get $last))))
              (then
                (local.set $headSize (call $head (local.get $entry)))
                (local.set $tailSize (i32.load (i32.const 12)))
                (br_if $end (i32.lt_s (local.get $headSize) (i32.const 0)))
                (local.set $last (i64.load offset=2 (local.get $pos)))))
            ;; Only an EventTime has these eight bytes.
            (local.set $known (i32.eq (local.get $first) (i32.const 0xd7)))))
        (local.set $pos (i32.add (local.get $pos) (local.get $size)))
        (if (local.get $meta)
          (then
            (br_if $end (i32.ne (i32.load8_u (local.get $pos)) (i32.const 0x80)))
            (local.set $pos (i32.add (local.get $pos) (i32.const 1)))))
        (local.set $first (i32.load8_u (local.get $pos)))
        (if (i32.eq (i32.and (local.get $first) (i32.const 0xf0)) (i32.const 0x80))
          (then
            (local.set $left (i32.shl (i32.and (local.get $first) (i32.const 15)) (i32.const 1)))
            (local.set $pos (i32.add (local.get $pos) (i32.const 1))))
          (else
            (br_if $end (i32.ne (local.get $first) (i32.const 0xde)))
            (local.set $left
              (i32.shl (call $u16 (i32.add (local.get $pos) (i32.const 1))) (i32.const 1)))
            (local.set $pos (i32.add (local.get $pos) (i32.const 3)))))
        (local.set $status (global.get $FULL))
        (br_if $end
          (i32.gt_u (i32.add (local.get $out) (local.get $headSize)) (i32.const 0x3ff00)))
        (call $copy (i32.const 0x1000) (local.get $out) (local.get $headSize))
        (local.set $out (i32.add (local.get $out) (local.get $headSize)))
        (local.set $comma (local.get $separate))
        ;; Nothing stands before the fields of the text after the record.
        (local.set $skip
          (i32.and
            (i32.ne (local.get $names) (i32.const 0))
            (i32.eqz (i32.or (local.get $left) (local.get $separate)))))
        (local.set $map (i32.const 1))
        (local.set $stack (i32.const 0x0400))

        (block $end_of_record
          (loop $next
            (if (i32.eqz (local.get $left))
              (then
                (br_if $end_of_record (i32.eq (local.get $stack) (i32.const 0x0400)))
                (i32.store8
                  (local.get $out)
                  (select (i32.const 0x7d) (i32.const 0x5d) (local.get $map)))
                (local.set $out (i32.add (local.get $out) (i32.const 1)))
                (local.set $stack (i32.sub (local.get $stack) (i32.const 8)))
                (local.set $left (i32.load (local.get $stack)))
                (local.set $map (i32.load offset=4 (local.get $stack)))
                (local.set $comma (i32.const 1))
                (br $next)))
            (if (i32.gt_u (local.get $out) (i32.const 0x3ff00))
              (then (local.set $status (global.get $FULL)) (br $end)))
            (if (i32.ge_s (local.get $pos) (local.get $limit))
              (then (local.set $status (global.get $CUT)) (br $end)))
            (i32.store8 (local.get $out) (i32.const 0x2c))
            (local.set $out (i32.add (local.get $out) (local.get $comma)))
            (local.set $comma (i32.const 1))

            (if (local.get $map)
              (then
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (local.set $first (i32.load8_u (local.get $pos)))
                (block $key_written
                  (if (i32.eq (i32.and (local.get $first) (i32.const 0xe0)) (i32.const 0xa0))
                    (then
                      (local.set $size (i32.and (local.get $first) (i32.const 31)))
                      (if
                        (i32.and
                          (i32.shr_u (local.get $names) (local.get $size))
                          (i32.eq (local.get $stack) (i32.const 0x0400)))
                        (then
                          (local.set $status (global.get $SLOW))
                          (br_if $end
                            (call $isKnown
                              (i32.add (local.get $pos) (i32.const 1))
                              (local.get $size)))))
                      (local.set $bytes (v128.load offset=1 (local.get $pos)))
                      (i32.store8 (local.get $out) (i32.const 34))
                      (v128.store offset=1 (local.get $out) (local.get $bytes))
                      (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                      (if
                        (i32.or
                          (i32.gt_u (local.get $size) (i32.const 16))
                          (i32.and
                            (i8x16.bitmask
                              (v128.or
                                (i8x16.lt_s (local.get $bytes) (v128.const i8x16 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32))
                                (v128.or
                                  (i8x16.eq (local.get $bytes) (v128.const i8x16 34 34 34 34 34 34 34 34 34 34 34 34 34 34 34 34))
                                  (i8x16.eq (local.get $bytes) (v128.const i8x16 92 92 92 92 92 92 92 92 92 92 92 92 92 92 92 92)))))
                            (i32.sub (i32.shl (i32.const 1) (local.get $size)) (i32.const 1))))
                        (then
                          (local.set $status
                            (call $string (local.get $pos) (local.get $size) (local.get $out))))
                        (else
                          (local.set $out
                            (i32.add (i32.add (local.get $out) (local.get $size)) (i32.const 1)))
                          (i32.store8 (local.get $out) (i32.const 34))
                          (local.set $status (i32.add (local.get $out) (i32.const 1)))))
                      (local.set $pos (i32.add (local.get $pos) (local.get $size)))
                      (br $key_written)))
                  ;; A name may have an unusual head.
                  (local.set $status (global.get $SLOW))
                  (br_if $end
                    (i32.and
                      (i32.ne (local.get $names) (i32.const 0))
                      (i32.eq (local.get $stack) (i32.const 0x0400))))
                  (if
                    (i32.and
                      (i32.ge_u (local.get $first) (i32.const 0xd9))
                      (i32.le_u (local.get $first) (i32.const 0xdb)))
                    (then (local.set $status (call $scalar (local.get $pos) (local.get $out))))
                    (else (local.set $status (call $key (local.get $pos) (local.get $out)))))
                  (local.set $pos (i32.load (i32.const 8))))
                (br_if $end (i32.lt_s (local.get $status) (i32.const 0)))
                (local.set $out (local.get $status))
                (i32.store8 (local.get $out) (i32.const 0x3a))
                (local.set $out (i32.add (local.get $out) (i32.const 1)))
                (if (i32.gt_u (local.get $out) (i32.const 0x3ff00))
                  (then (local.set $status (global.get $FULL)) (br $end)))
                (if (i32.ge_s (local.get $pos) (local.get $limit))
                  (then (local.set $status (global.get $CUT)) (br $end)))))

            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (local.set $first (i32.load8_u (local.get $pos)))
            (if (i32.lt_u (local.get $first) (i32.const 0x80))
              (then
                (local.set $out (call $uint (local.get $first) (local.get $out)))
                (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                (br $next)))
            (if (i32.eq (i32.and (local.get $first) (i32.const 0xe0)) (i32.const 0xa0))
              (then
                (local.set $size (i32.and (local.get $first) (i32.const 31)))
                (local.set $bytes (v128.load offset=1 (local.get $pos)))
                (i32.store8 (local.get $out) (i32.const 34))
                (v128.store offset=1 (local.get $out) (local.get $bytes))
                (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                (if
                  (i32.or
                    (i32.gt_u (local.get $size) (i32.const 16))
                    (i32.and
                      (i8x16.bitmask
                        (v128.or
                          (i8x16.lt_s (local.get $bytes) (v128.const i8x16 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32))
                          (v128.or
                            (i8x16.eq (local.get $bytes) (v128.const i8x16 34 34 34 34 34 34 34 34 34 34 34 34 34 34 34 34))
                            (i8x16.eq (local.get $bytes) (v128.const i8x16 92 92 92 92 92 92 92 92 92 92 92 92 92 92 92 92)))))
                      (i32.sub (i32.shl (i32.const 1) (local.get $size)) (i32.const 1))))
                  (then
                    (local.set $status
                      (call $string (local.get $pos) (local.get $size) (local.get $out)))
                    (br_if $end (i32.lt_s (local.get $status) (i32.const 0)))
                    (local.set $out (local.get $status)))
                  (else
                    (local.set $out
                      (i32.add (i32.add (local.get $out) (local.get $size)) (i32.const 1)))
                    (i32.store8 (local.get $out) (i32.const 34))
                    (local.set $out (i32.add (local.get $out) (i32.const 1)))))
                (local.set $pos (i32.add (local.get $pos) (local.get $size)))
                (br $next)))

            (block $container
              (br_if $container (i32.lt_u (local.get $first) (i32.const 0xa0)))
              (br_if $container
                (i32.and
                  (i32.ge_u (local.get $first) (i32.const 0xdc))
                  (i32.lt_u (local.get $first) (i32.const 0xe0))))
              ;; The usual numbers, without the call.
              (if (i32.eq (local.get $first) (i32.const 0xcc))
                (then
                  (local.set $out (call $uint (i32.load8_u offset=1 (local.get $pos)) (local.get $out)))
                  (local.set $pos (i32.add (local.get $pos) (i32.const 2)))
                  (br $next)))
              (if (i32.eq (local.get $first) (i32.const 0xcd))
                (then
                  (local.set $out
                    (call $uint
                      (i32.or
                        (i32.shl (i32.load8_u offset=1 (local.get $pos)) (i32.const 8))
                        (i32.load8_u offset=2 (local.get $pos)))
                      (local.get $out)))
                  (local.set $pos (i32.add (local.get $pos) (i32.const 3)))
                  (br $next)))
              (local.set $status (call $scalar (local.get $pos) (local.get $out)))
              (br_if $end (i32.lt_s (local.get $status) (i32.const 0)))
              (local.set $out (local.get $status))
              (local.set $pos (i32.load (i32.const 8)))
              (br $next))

            (i32.store (local.get $stack) (local.get $left))
            (i32.store offset=4 (local.get $stack) (local.get $map))
            (local.set $stack (i32.add (local.get $stack) (i32.const 8)))
            (local.set $comma (i32.const 0))
            (if (i32.lt_u (local.get $first) (i32.const 0xa0))
              (then
                (local.set $map (i32.lt_u (local.get $first) (i32.const 0x90)))
                (local.set $left (i32.and (local.get $first) (i32.const 15)))
                (local.set $size (i32.const 1)))
              (else
                (local.set $map (i32.ge_u (local.get $first) (i32.const 0xde)))
                (if (i32.and (local.get $first) (i32.const 1))
                  (then
                    (local.set $left (call $u32 (i32.add (local.get $pos) (i32.const 1))))
                    (local.set $size (i32.const 5)))
                  (else
                    (local.set $left (call $u16 (i32.add (local.get $pos) (i32.const 1))))
                    (local.set $size (i32.const 3))))))
            ;; More than the input can have: the entry goes on behind it.
            (if (i32.gt_u (local.get $left) (i32.const 0x10000))
              (then (local.set $status (global.get $CUT)) (br $end)))
            (local.set $left (i32.shl (local.get $left) (local.get $map)))
            (local.set $pos (i32.add (local.get $pos) (local.get $size)))
            (i32.store8 (local.get $out) (select (i32.const 0x7b) (i32.const 0x5b) (local.get $map)))
            (local.set $out (i32.add (local.get $out) (i32.const 1)))
            (br $next)))

        (local.set $status (global.get $FULL))
        (br_if $end
          (i32.gt_u (i32.add (local.get $out) (local.get $tailSize)) (i32.const 0x3ff80)))
        (call $copy
          (i32.add (i32.const 0x2000) (local.get $skip))
          (local.get $out)
          (i32.sub (local.get $tailSize) (local.get $skip)))
        (local.set $out
          (i32.add (local.get $out) (i32.sub (local.get $tailSize) (local.get $skip))))
        (br $next_entry)))
    (i32.store (i32.const 0) (local.get $entry))
    (i32.store (i32.const 4) (local.get $line))
    (local.get $status)))
