"""The body plans: zebra, giraffe, antelope, leopard, cheetah. Numbers are metres in the rest frame of `body`.

Bones are named T… (trunk, neck, tail), H… (head) and L…/R… (legs, ears) of the left and right side.
"""

from __future__ import annotations

from tools.herd.body import EYE, Horn, Plan, Tube


def _chain(rows: str, parent: str | None, blend: float = 0.05) -> Tube:
    """A tube from lines `x y z radius lateral bone`."""
    stations = [line.split() for line in rows.strip().splitlines()]
    return Tube(tuple((*map(float, row[:5]), row[5]) for row in stations), parent, blend)  # type: ignore[arg-type]


def _both(*tubes: Tube) -> tuple[Tube, ...]:
    return tuple(side for tube in tubes for side in (tube, tube.mirrored()))


def _eyes(x: float, y: float, z: float, radius: float, bone: str = "Head") -> tuple[Horn, ...]:
    """Balls of one radius at both sides of the head."""
    profile = ((-1, 0.02), (-0.9, 0.44), (-0.5, 0.87), (0, 1), (0.5, 0.87), (0.9, 0.44), (1, 0.02))
    return tuple(
        Horn(tuple((x, side * y + t * radius, z, max(r, 0.02) * radius) for t, r in profile), bone, EYE)
        for side in (1, -1)
    )


def _pair(path: tuple[tuple[float, float, float, float], ...], bone: str, twist: float = 0.0) -> tuple[Horn, ...]:
    return tuple(Horn(tuple((x, s * y, z, r) for x, y, z, r in path), bone, twist=twist * s) for s in (1, -1))


def zebra() -> Plan:
    """A stocky equid with an upright mane."""
    trunk = _chain(
        """
        -.58 0 1.06 .150 .120 Tpelvis
        -.50 0 1.055 .235 .205 Tpelvis
        -.32 0 1.035 .265 .260 Tpelvis
        -.12 0 1.005 .265 .275 Tloin
        .12 0 .990 .275 .270 Tchest
        .32 0 1.000 .275 .220 Tchest
        .45 0 1.030 .215 .165 Tchest""",
        None,
    )
    neck = _chain(
        """
        .38 0 1.12 .215 .135 Tneck1
        .54 0 1.27 .185 .105 Tneck2
        .68 0 1.42 .145 .085 Tneck3
        .79 0 1.545 .115 .072 Tneck4""",
        "Tchest",
        0.10,
    )
    head = _chain(
        """
        .81 0 1.575 .100 .075 Head
        .89 0 1.530 .108 .080 Head
        .99 0 1.430 .085 .062 Head
        1.08 0 1.335 .066 .050 Head
        1.15 0 1.265 .062 .050 Head
        1.175 0 1.240 .052 .046 Head""",
        "Tneck4",
        0.04,
    )
    mane = _chain(
        """
        .22 0 1.29 .022 .018 Tchest
        .40 0 1.39 .045 .020 Tneck1
        .52 0 1.50 .055 .020 Tneck2
        .65 0 1.615 .055 .020 Tneck3
        .76 0 1.685 .050 .020 Tneck4
        .85 0 1.665 .040 .020 Head
        .89 0 1.63 .025 .018 Head""",
        "Tchest",
        0.03,
    )
    fore = _chain(
        """
        .37 .13 1.04 .150 .070 Lshoulder
        .40 .15 .90 .115 .080 Lshoulder
        .34 .145 .78 .088 .070 Lforearm
        .35 .135 .62 .063 .055 Lforearm
        .365 .13 .475 .049 .045 Lfcannon
        .36 .13 .43 .040 .038 Lfcannon
        .355 .13 .30 .033 .031 Lfcannon
        .355 .13 .175 .041 .039 Lfhoof
        .385 .13 .105 .036 .036 Lfhoof
        .405 .13 .055 .048 .047 Lfhoof
        .415 .13 .040 .054 .052 Lfhoof""",
        "Tchest",
        0.08,
    )
    hind = _chain(
        """
        -.43 .12 1.05 .200 .110 Lthigh
        -.40 .14 .90 .160 .100 Lthigh
        -.33 .145 .78 .110 .080 Lgaskin
        -.41 .135 .64 .075 .058 Lgaskin
        -.51 .13 .52 .052 .044 Lhcannon
        -.515 .13 .45 .043 .040 Lhcannon
        -.50 .13 .31 .036 .034 Lhcannon
        -.49 .13 .18 .042 .040 Lhhoof
        -.465 .13 .105 .037 .037 Lhhoof
        -.445 .13 .055 .048 .047 Lhhoof
        -.435 .13 .040 .054 .052 Lhhoof""",
        "Tpelvis",
        0.08,
    )
    tail = _chain(
        """
        -.69 0 1.17 .045 .035 Ttail1
        -.755 0 1.05 .030 .026 Ttail1
        -.775 0 .88 .025 .023 Ttail2
        -.780 0 .74 .040 .035 Ttail2
        -.775 0 .56 .045 .036 Ttail3
        -.765 0 .46 .018 .014 Ttail3""",
        "Tpelvis",
        0.04,
    )
    ear = _chain(
        """
        .80 .055 1.66 .030 .026 Lear
        .785 .075 1.72 .042 .020 Lear
        .775 .085 1.785 .038 .016 Lear
        .775 .088 1.83 .016 .012 Lear""",
        "Head",
        0.02,
    )
    return Plan((trunk, neck, head, mane, *_both(fore, hind), tail, *_both(ear)), _eyes(0.925, 0.064, 1.535, 0.021))


def giraffe() -> Plan:
    """Long neck, long legs, sloping back."""
    trunk = _chain(
        """
        -.52 0 1.72 .16 .13 Tpelvis
        -.44 0 1.73 .25 .21 Tpelvis
        -.26 0 1.75 .30 .27 Tpelvis
        -.04 0 1.76 .33 .30 Tloin
        .20 0 1.79 .36 .30 Tchest
        .40 0 1.83 .35 .25 Tchest
        .54 0 1.88 .27 .18 Tchest""",
        None,
    )
    neck = _chain(
        """
        .46 0 2.05 .27 .145 Tneck1
        .64 0 2.34 .205 .120 Tneck2
        .80 0 2.68 .155 .100 Tneck3
        .93 0 3.02 .128 .086 Tneck4
        1.03 0 3.34 .112 .080 Tneck5
        1.10 0 3.58 .108 .080 Tneck6""",
        "Tchest",
        0.14,
    )
    head = _chain(
        """
        1.13 0 3.66 .105 .085 Head
        1.22 0 3.665 .112 .090 Head
        1.36 0 3.595 .085 .068 Head
        1.49 0 3.50 .063 .052 Head
        1.58 0 3.43 .060 .053 Head
        1.62 0 3.405 .048 .045 Head""",
        "Tneck6",
        0.05,
    )
    mane = _chain(
        """
        .28 0 2.22 .02 .016 Tchest
        .46 0 2.42 .035 .017 Tneck2
        .66 0 2.78 .038 .017 Tneck3
        .80 0 3.10 .038 .017 Tneck4
        .91 0 3.41 .038 .017 Tneck5
        .985 0 3.62 .032 .017 Tneck6
        1.03 0 3.70 .020 .015 Tneck6""",
        "Tchest",
        0.03,
    )
    fore = _chain(
        """
        .42 .14 1.80 .200 .080 Lshoulder
        .47 .16 1.56 .150 .095 Lshoulder
        .40 .155 1.33 .105 .080 Lforearm
        .40 .145 1.10 .078 .065 Lforearm
        .42 .14 .83 .066 .058 Lfcannon
        .415 .14 .75 .052 .048 Lfcannon
        .41 .14 .50 .041 .039 Lfcannon
        .41 .14 .26 .052 .049 Lfhoof
        .445 .14 .15 .047 .046 Lfhoof
        .465 .14 .075 .066 .062 Lfhoof
        .475 .14 .055 .072 .068 Lfhoof""",
        "Tchest",
        0.10,
    )
    hind = _chain(
        """
        -.38 .13 1.66 .215 .120 Lthigh
        -.36 .15 1.45 .170 .105 Lthigh
        -.30 .155 1.26 .120 .088 Lgaskin
        -.38 .145 1.04 .082 .066 Lgaskin
        -.48 .14 .80 .063 .053 Lhcannon
        -.48 .14 .70 .052 .047 Lhcannon
        -.465 .14 .47 .042 .040 Lhcannon
        -.455 .14 .25 .052 .049 Lhhoof
        -.42 .14 .15 .047 .046 Lhhoof
        -.40 .14 .075 .066 .062 Lhhoof
        -.39 .14 .055 .072 .068 Lhhoof""",
        "Tpelvis",
        0.10,
    )
    tail = _chain(
        """
        -.64 0 1.82 .045 .035 Ttail1
        -.71 0 1.66 .028 .026 Ttail1
        -.73 0 1.36 .022 .021 Ttail2
        -.73 0 1.10 .024 .024 Ttail2
        -.73 0 .96 .050 .044 Ttail3
        -.725 0 .80 .045 .040 Ttail3
        -.72 0 .66 .018 .014 Ttail3""",
        "Tpelvis",
        0.05,
    )
    ear = _chain(
        """
        1.12 .075 3.73 .028 .026 Lear
        1.10 .125 3.755 .042 .022 Lear
        1.085 .180 3.775 .042 .020 Lear
        1.07 .235 3.79 .020 .014 Lear""",
        "Head",
        0.02,
    )
    ossicone = _chain(
        """
        1.165 .042 3.74 .034 .032 Lhorn
        1.145 .048 3.83 .025 .025 Lhorn
        1.130 .050 3.90 .030 .030 Lhorn""",
        "Head",
        0.03,
    )
    tubes = (trunk, neck, head, mane, *_both(fore, hind), tail, *_both(ear, ossicone))
    return Plan(tubes, _eyes(1.265, 0.080, 3.665, 0.028), cell=0.024)


def antelope() -> Plan:
    """A nyala-like antelope: slender, deep-chested, with spiral horns and a crest."""
    trunk = _chain(
        """
        -.46 0 .835 .100 .085 Tpelvis
        -.40 0 .835 .160 .135 Tpelvis
        -.26 0 .825 .185 .165 Tpelvis
        -.08 0 .795 .195 .175 Tloin
        .10 0 .765 .215 .175 Tchest
        .27 0 .770 .215 .150 Tchest
        .37 0 .795 .160 .110 Tchest""",
        None,
    )
    neck = _chain(
        """
        .32 0 .86 .150 .092 Tneck1
        .43 0 .975 .118 .072 Tneck2
        .525 0 1.095 .092 .060 Tneck3
        .60 0 1.20 .078 .054 Tneck4""",
        "Tchest",
        0.08,
    )
    head = _chain(
        """
        .615 0 1.235 .068 .054 Head
        .675 0 1.225 .074 .060 Head
        .755 0 1.165 .058 .046 Head
        .83 0 1.105 .043 .036 Head
        .885 0 1.062 .038 .034 Head
        .903 0 1.048 .031 .030 Head""",
        "Tneck4",
        0.035,
    )
    crest = _chain(
        """
        -.40 0 .99 .012 .012 Tpelvis
        -.10 0 .995 .016 .013 Tloin
        .12 0 .985 .022 .013 Tchest
        .26 0 1.02 .030 .014 Tneck1
        .37 0 1.10 .026 .014 Tneck2
        .47 0 1.195 .020 .013 Tneck3
        .54 0 1.26 .014 .012 Tneck4""",
        "Tpelvis",
        0.02,
    )
    fore = _chain(
        """
        .28 .095 .81 .105 .050 Lshoulder
        .305 .105 .70 .082 .056 Lshoulder
        .265 .10 .605 .060 .047 Lforearm
        .27 .095 .49 .042 .036 Lforearm
        .285 .09 .365 .033 .030 Lfcannon
        .28 .09 .325 .026 .025 Lfcannon
        .275 .09 .22 .0215 .021 Lfcannon
        .275 .09 .125 .028 .027 Lfhoof
        .295 .09 .075 .024 .024 Lfhoof
        .310 .09 .035 .031 .030 Lfhoof
        .318 .09 .028 .033 .031 Lfhoof""",
        "Tchest",
        0.06,
    )
    hind = _chain(
        """
        -.345 .085 .82 .150 .080 Lthigh
        -.325 .10 .71 .118 .074 Lthigh
        -.27 .10 .615 .080 .058 Lgaskin
        -.335 .095 .505 .052 .041 Lgaskin
        -.415 .09 .405 .036 .031 Lhcannon
        -.415 .09 .355 .029 .027 Lhcannon
        -.40 .09 .235 .0235 .023 Lhcannon
        -.39 .09 .13 .029 .028 Lhhoof
        -.37 .09 .075 .025 .025 Lhhoof
        -.352 .09 .035 .031 .030 Lhhoof
        -.345 .09 .028 .033 .031 Lhhoof""",
        "Tpelvis",
        0.06,
    )
    tail = _chain(
        """
        -.525 0 .90 .034 .028 Ttail1
        -.565 0 .80 .034 .026 Ttail1
        -.580 0 .69 .038 .028 Ttail2
        -.575 0 .58 .030 .022 Ttail3
        -.570 0 .52 .012 .010 Ttail3""",
        "Tpelvis",
        0.03,
    )
    ear = _chain(
        """
        .605 .050 1.285 .020 .018 Lear
        .575 .090 1.318 .034 .015 Lear
        .545 .130 1.350 .038 .014 Lear
        .515 .170 1.380 .016 .010 Lear""",
        "Head",
        0.015,
    )
    horns = _pair(
        (
            (0.640, 0.028, 1.275, 0.026),
            (0.600, 0.050, 1.375, 0.023),
            (0.535, 0.105, 1.460, 0.020),
            (0.510, 0.110, 1.560, 0.017),
            (0.530, 0.065, 1.645, 0.013),
            (0.520, 0.075, 1.730, 0.008),
            (0.500, 0.105, 1.785, 0.002),
        ),
        "Head",
        twist=7.0,
    )
    tubes = (trunk, neck, head, crest, *_both(fore, hind), tail, *_both(ear))
    return Plan(tubes, (*horns, *_eyes(0.700, 0.050, 1.222, 0.0165)), cell=0.0125)


def leopard() -> Plan:
    """A heavy, low cat with a long tail."""
    return _cat(leg=1.0, girth=1.0, head=1.0, neck=0.0, waist=1.0)


def cheetah() -> Plan:
    """A light, leggy cat with a small head and a tucked belly."""
    return _cat(leg=1.36, girth=0.86, head=0.82, neck=0.02, waist=0.86)


def _cat(leg: float, girth: float, head: float, neck: float, waist: float) -> Plan:
    lift = 0.40 * (leg - 1)
    g, h = girth, head

    def body(rows: str, parent: str | None, blend: float) -> Tube:
        tube = _chain(rows, parent, blend)
        rows_ = tuple(
            (x, y, z + lift + (1 - w) * r, r * g * w, s * g * w, bone)
            for x, y, z, r, s, bone in tube.stations
            for w in (waist if bone == "Tloin" else 1.0,)
        )
        return Tube(rows_, parent, blend)

    def skull(rows: str, parent: str, blend: float) -> Tube:
        tube = _chain(rows, parent, blend)
        rows_ = tuple(
            (0.58 + (x - 0.58) * h, y * h, 0.70 + (z - 0.70) * h + lift + neck, r * h, s * h, bone)
            for x, y, z, r, s, bone in tube.stations
        )
        return Tube(rows_, parent, blend)

    def stretched(z: float) -> float:
        return z if z < 0.06 else min(z * leg, z + lift)

    def limb(rows: str, parent: str) -> Tube:
        tube = _chain(rows, parent, 0.05)
        slim = 1 - 0.35 * (leg - 1)
        rows_ = tuple(
            (x, y * g, stretched(z), r * (slim if z < 0.4 else g), s * (slim if z < 0.4 else g), bone)
            for x, y, z, r, s, bone in tube.stations
        )
        return Tube(rows_, parent, 0.05)

    trunk = body(
        """
        -.50 0 .585 .085 .075 Tpelvis
        -.43 0 .585 .125 .110 Tpelvis
        -.28 0 .580 .145 .130 Tpelvis
        -.08 0 .560 .145 .135 Tloin
        .12 0 .545 .160 .140 Tchest
        .28 0 .550 .165 .130 Tchest
        .37 0 .575 .130 .105 Tchest""",
        None,
        0.05,
    )
    neck_ = body(
        """
        .33 0 .605 .130 .098 Tneck1
        .42 0 .650 .115 .088 Tneck2
        .50 0 .690 .105 .082 Tneck3""",
        "Tchest",
        0.07,
    )
    skull_ = skull(
        """
        .545 0 .715 .098 .085 Head
        .595 0 .725 .102 .096 Head
        .655 0 .705 .080 .078 Head
        .710 0 .680 .058 .060 Head
        .745 0 .668 .047 .048 Head""",
        "Tneck3",
        0.035,
    )
    chin = skull(
        """
        .63 0 .66 .055 .06 Head
        .70 0 .645 .040 .042 Head""",
        "Head",
        0.03,
    )
    fore = limb(
        """
        .29 .085 .56 .110 .060 Lshoulder
        .31 .100 .46 .085 .062 Lshoulder
        .265 .100 .375 .068 .056 Lforearm
        .275 .095 .27 .054 .048 Lforearm
        .29 .090 .155 .046 .043 Lfcannon
        .30 .090 .095 .044 .043 Lfcannon
        .32 .090 .050 .046 .050 Lfhoof
        .365 .090 .036 .040 .050 Lfhoof
        .385 .090 .030 .032 .042 Lfhoof""",
        "Tchest",
    )
    hind = limb(
        """
        -.37 .080 .57 .130 .075 Lthigh
        -.35 .095 .48 .110 .075 Lthigh
        -.29 .100 .385 .080 .062 Lgaskin
        -.345 .095 .30 .058 .047 Lgaskin
        -.43 .090 .205 .042 .038 Lhcannon
        -.425 .090 .15 .040 .037 Lhcannon
        -.395 .090 .070 .040 .041 Lhhoof
        -.355 .090 .040 .040 .047 Lhhoof
        -.325 .090 .032 .034 .042 Lhhoof""",
        "Tpelvis",
    )
    tail = body(
        """
        -.57 0 .63 .044 .042 Ttail1
        -.67 0 .555 .035 .034 Ttail1
        -.75 0 .44 .031 .030 Ttail2
        -.82 0 .335 .030 .030 Ttail2
        -.92 0 .285 .031 .031 Ttail3
        -1.03 0 .30 .032 .032 Ttail3
        -1.10 0 .345 .026 .026 Ttail4
        -1.14 0 .39 .018 .018 Ttail4""",
        "Tpelvis",
        0.04,
    )
    ear = skull(
        """
        .545 .060 .805 .028 .026 Lear
        .538 .072 .835 .028 .018 Lear
        .533 .078 .858 .016 .012 Lear""",
        "Head",
        0.015,
    )
    eyes = tuple(
        Horn(
            tuple((0.58 + (x - 0.58) * h, y * h, 0.70 + (z - 0.70) * h + lift + neck, r * h) for x, y, z, r in e.path),
            e.bone,
            EYE,
        )
        for e in _eyes(0.676, 0.058, 0.742, 0.0155)
    )
    return Plan((trunk, neck_, skull_, chin, *_both(fore, hind), tail, *_both(ear)), eyes, cell=0.0125)


PLANS = {"zebra": zebra, "giraffe": giraffe, "antelope": antelope, "leopard": leopard, "cheetah": cheetah}
