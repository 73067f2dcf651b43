import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 24 24"
      className="size-[1.35rem]"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {children}
    </svg>
  );
}

export const BagIcon = () => <Icon><path d="M6 8h12l1 12H5L6 8Zm3 0V7a3 3 0 0 1 6 0v1" /></Icon>;
export const PersonIcon = () => <Icon><circle cx="12" cy="8" r="3.5" /><path d="M5 20c.6-3.7 3.4-5.5 7-5.5s6.4 1.8 7 5.5" /></Icon>;
export const SearchIcon = () => <Icon><circle cx="11" cy="11" r="6" /><path d="m20 20-4.5-4.5" /></Icon>;
export const MenuIcon = () => <Icon><path d="M4 8h16M4 16h16" /></Icon>;
export const CloseIcon = () => <Icon><path d="m6 6 12 12M18 6 6 18" /></Icon>;
export const ThemeIcon = () => <Icon><circle cx="12" cy="12" r="7" /><path d="M12 5v14a7 7 0 0 0 0-14Z" fill="currentColor" /></Icon>;
export const HeartIcon = ({ isFull }: { isFull: boolean }) => (
  <Icon>
    <path
      d="M12 20s-7.5-4.6-7.5-10.200A4.3 4.3 0 0 1 12 7.200a4.3 4.3 0 0 1 7.5 2.600C19.5 15.4 12 20 12 20Z"
      fill={isFull ? "currentColor" : "none"}
    />
  </Icon>
);
